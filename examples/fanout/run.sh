#!/bin/sh
# Plays the scene offline: the changes of a table of orders go to topics and a queue of stand-ins for SNS and SQS. Options
# are passed on to `ddbstream run`.
. "$(dirname "$0")/../scenes/scene.sh"
scene stream "$work/stream.jsonl"
arn=arn:aws:sns:eu-west-1:111122223333
play --source "$work/stream.jsonl" --env TOPIC_PLACED=$arn:placed.fifo --env TOPIC_LARGE=$arn:large.fifo \
    --env TOPIC_SHIPPED=$arn:shipped.fifo --env TOPIC_CANCELLED=$arn:cancelled.fifo \
    --env QUEUE_URL=https://sqs.eu-west-1.amazonaws.com/111122223333/orders.fifo "$@"
scene tell
