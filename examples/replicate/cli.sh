#!/bin/sh
# The AWS CLI writes an order in one region and reads the replica in the other; the tables are `ddbstream table`.
#   sh examples/replicate/cli.sh [BUILD FOLDER]
if ! command -v aws >/dev/null 2>&1 || ! aws --version >/dev/null 2>&1; then
    echo 'not run: aws absent'
    exit 0
fi
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-$here/../../build}" && pwd)
place=$(mktemp -d)
export AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=any AWS_REGION=eu-west-1 AWS_DEFAULT_REGION=eu-west-1
export AWS_EC2_METADATA_DISABLED=true AWS_PAGER='' AWS_CLI_AUTO_PROMPT=off PYTHONWARNINGS=ignore
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$place"' EXIT

begin() { # begin NAME: tables of a region; their address goes to NAME.url
    "$build/ddbstream" table --table Orders --key id >"$place/$1" &
    pids="$pids $!"
    until [ -s "$place/$1" ]; do sleep 0.05; done
    sed 's/.* //' "$place/$1" >"$place/$1.url"
}
begin europe
begin america
europe=$(cat "$place/europe.url") america=$(cat "$place/america.url")

echo '$ aws dynamodb put-item (Europe)'
aws dynamodb put-item --endpoint-url "$europe" --table-name Orders --item \
    '{"id":{"S":"o-1"},"status":{"S":"PAID"},"total":{"N":"12.50"},"written":{"N":"1792399200000"},"origin":{"S":"eu-west-1"}}'

# What Lambda would read, by the same calls.
arn=$(aws dynamodbstreams list-streams --endpoint-url "$europe" --query 'Streams[0].StreamArn' --output text)
shard=$(aws dynamodbstreams describe-stream --endpoint-url "$europe" --stream-arn "$arn" \
    --query 'StreamDescription.Shards[0].ShardId' --output text)
iterator=$(aws dynamodbstreams get-shard-iterator --endpoint-url "$europe" --stream-arn "$arn" --shard-id "$shard" \
    --shard-iterator-type TRIM_HORIZON --query ShardIterator --output text)
aws dynamodbstreams get-records --endpoint-url "$europe" --shard-iterator "$iterator" --output json >"$place/records.json"
python3 - "$place/records.json" "$arn" >"$place/source.jsonl" <<'SCRIPT'
import json, sys
from datetime import datetime
for record in json.load(open(sys.argv[1]))["Records"]:
    created = record["dynamodb"]["ApproximateCreationDateTime"]  # the CLI prints it as a date
    if isinstance(created, str):
        record["dynamodb"]["ApproximateCreationDateTime"] = datetime.fromisoformat(created).timestamp()
    print(json.dumps(dict(record, awsRegion="eu-west-1", eventSourceARN=sys.argv[2])))
SCRIPT

echo '$ ddbstream run replicate'
"$build/ddbstream" run "$build/examples/replicate/bootstrap" --esm "$here/esm.json" --source "$place/source.jsonl" \
    --on-failure "$place/failed" --quiet --env DDBS_REPORT=items --env AWS_ACCESS_KEY_ID=any \
    --env AWS_SECRET_ACCESS_KEY=any --env AWS_REGION=eu-west-1 --env AWS_ENDPOINT_URL_DYNAMODB="$europe" \
    --env TABLE=Orders --env REPLICA_REGION=us-east-1 --env REPLICA_ENDPOINT="$america"

echo '$ aws dynamodb get-item (America)'
aws dynamodb get-item --endpoint-url "$america" --table-name Orders --key '{"id":{"S":"o-1"}}' --consistent-read \
    --query 'Item.[id.S,status.S,total.N,origin.S]' --output text
