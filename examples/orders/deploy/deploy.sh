#!/bin/sh
# The AWS CLI alone: table, queue, role, function, mapping, alarms. Can be run again: what is there is updated.
#   examples/orders/deploy/deploy.sh build/orders-arm64.zip
# Needs: aws (version 2), a region and credentials in its configuration.
set -eu
zip=${1:?usage: deploy.sh ZIP: what ./package.sh --arch arm64 examples/orders made}
here=$(dirname "$0")
name=orders-consumer
account=$(aws sts get-caller-identity --query Account --output text)
region=${AWS_REGION:-$(aws configure get region)}

say() { printf '%s\n' "$*" >&2; }

make_table() {
    aws dynamodb describe-table --table-name Orders >/dev/null 2>&1 ||
        aws dynamodb create-table --table-name Orders --billing-mode PAY_PER_REQUEST \
            --attribute-definitions AttributeName=OrderId,AttributeType=S \
            --key-schema AttributeName=OrderId,KeyType=HASH \
            --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES >/dev/null
    aws dynamodb wait table-exists --table-name Orders
    stream=$(aws dynamodb describe-table --table-name Orders --query Table.LatestStreamArn --output text)
}

make_queue() {
    aws sqs create-queue --queue-name orders-failed \
        --attributes MessageRetentionPeriod=1209600,SqsManagedSseEnabled=true >/dev/null
    queue=arn:aws:sqs:$region:$account:orders-failed
}

make_log() {
    aws logs create-log-group --log-group-name "/aws/lambda/$name" 2>/dev/null || say "the log group is there"
    aws logs put-retention-policy --log-group-name "/aws/lambda/$name" --retention-in-days 30
}

# What the function may do: read this stream, write this log, give up into this queue.
make_role() {
    aws iam create-role --role-name "$name" --assume-role-policy-document '{"Version":"2012-10-17","Statement":[{
        "Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}' \
        >/dev/null 2>&1 || say "the role is there"
    aws iam put-role-policy --role-name "$name" --policy-name orders --policy-document '{"Version":"2012-10-17",
        "Statement":[
        {"Effect":"Allow","Action":["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator"],
         "Resource":"'"$stream"'"},
        {"Effect":"Allow","Action":"dynamodb:ListStreams","Resource":"*"},
        {"Effect":"Allow","Action":"sqs:SendMessage","Resource":"'"$queue"'"},
        {"Effect":"Allow","Action":["logs:CreateLogStream","logs:PutLogEvents"],
         "Resource":"arn:aws:logs:'"$region:$account"':log-group:/aws/lambda/'"$name"':*"}]}'
    aws iam wait role-exists --role-name "$name"
}

# What is there gets code and settings anew, one after the other: Lambda takes one change at a time.
make_function() {
    set -- --function-name "$name" --handler bootstrap --runtime provided.al2023 --memory-size 128 --timeout 30 \
        --role "arn:aws:iam::$account:role/$name" --environment 'Variables={DDBS_REPORT=items}' \
        --logging-config "LogFormat=JSON,LogGroup=/aws/lambda/$name"
    if aws lambda get-function --function-name "$name" >/dev/null 2>&1; then
        aws lambda update-function-code --function-name "$name" --zip-file "fileb://$zip" --architectures arm64 >/dev/null
        aws lambda wait function-updated --function-name "$name"
        aws lambda update-function-configuration "$@" >/dev/null
    else
        sleep "${IAM_DELAY:-10}" # IAM tells Lambda about a new role after a while
        aws lambda create-function --zip-file "fileb://$zip" --architectures arm64 "$@" >/dev/null
    fi
    aws lambda wait function-updated --function-name "$name"
}

# The settings are those of mapping.json; ARNs are this account's. Where reading began cannot be changed later.
make_mapping() {
    mapping=$(aws lambda list-event-source-mappings --function-name "$name" --event-source-arn "$stream" \
        --query 'EventSourceMappings[0].UUID' --output text)
    set -- --function-name "$name" --destination-config "OnFailure={Destination=$queue}"
    if [ "$mapping" = None ]; then
        aws lambda create-event-source-mapping --cli-input-json "file://$here/mapping.json" \
            --event-source-arn "$stream" "$@" >/dev/null
    else
        aws lambda update-event-source-mapping --uuid "$mapping" \
            --cli-input-json "$(sed '/"EventSourceArn"/d; /"StartingPosition"/d' "$here/mapping.json")" "$@" >/dev/null
    fi
}

# make_alarm SUFFIX NAMESPACE METRIC DIMENSION VALUE STATISTIC PERIOD PERIODS THRESHOLD
make_alarm() {
    aws cloudwatch put-metric-alarm --alarm-name "$name-$1" --namespace "$2" --metric-name "$3" \
        --dimensions "Name=$4,Value=$5" --statistic "$6" --period "$7" --evaluation-periods "$8" --threshold "$9" \
        --comparison-operator GreaterThanThreshold --treat-missing-data notBreaching \
        ${ALARM_TOPIC:+--alarm-actions "$ALARM_TOPIC"}
}

make_table
make_queue
make_log
make_role
make_function
make_mapping
make_alarm age AWS/Lambda IteratorAge FunctionName "$name" Maximum 60 5 60000
make_alarm failed AWS/SQS ApproximateNumberOfMessagesVisible QueueName orders-failed Maximum 60 1 0
# With partial answers Lambda's own Errors stays 0 whatever fails: these two come from the runtime.
make_alarm records ddbstream RecordsFailed FunctionName "$name" Sum 300 1 5
make_alarm crashes ddbstream WorkerCrashes FunctionName "$name" Sum 300 1 0
say "deployed: write an item into the table Orders and look at the log group /aws/lambda/$name"
