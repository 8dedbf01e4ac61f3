/* main.c: the function. Apart from the handler, so that its test can have a main() of its own. */
#include "welcome.h"

#include <ddbstream.h>

int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &welcome, NULL);
}
