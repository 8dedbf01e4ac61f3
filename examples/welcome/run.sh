#!/bin/sh
# Plays the scene offline: mails for the changes of a table of customers, to a stand-in for SES. Then all changes come
# again, and no mail is sent. Options are passed on to `ddbstream run`.
. "$(dirname "$0")/../scenes/scene.sh"
scene stream "$work/stream.jsonl"
for delivery in first second; do
    echo "The $delivery delivery:"
    play --source "$work/stream.jsonl" --env CLAIMS_TABLE=claims --env CONTACTS_TABLE=contacts \
        --env MAIL_FROM=shop@example.com "$@"
    scene tell
done
