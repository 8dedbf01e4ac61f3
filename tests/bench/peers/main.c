/* main.c: the command line of a peer that has no other. */
#include "peer.h"

int main(int argc, char **argv)
{
    return peer_main(argc, argv);
}
