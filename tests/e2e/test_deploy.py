#!/usr/bin/env python3
"""The ways to deploy examples/orders carry the same settings: table, queue, log, function, mapping, role, alarms.

test_deploy.py [BUILD FOLDER] [--tools]

SAM and CloudFormation are read from their templates; the script for the AWS CLI is run with a stand-in for `aws`, and
what it asks for is read. --tools also reads the HCL, with a parser of npm's (in BUILD FOLDER/deploy), and runs
cfn-lint, terraform, sam and shellcheck where they are; one that is not is named in a line of its own.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from runtime_harness import BIN, TESTS, expect, main, test
from small_yaml import load

TOOLS = "--tools" in sys.argv
DEPLOY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "examples", "orders", "deploy")
HCL_PARSER = "@cdktf/hcl2json"
TOOL_MAX_S = 420

# What every way must say. None of it is taken from a template.
ALARM = {"ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"}
SETTINGS = {
    "table": {"billing": "PAY_PER_REQUEST", "key": "OrderId", "key type": "S", "view": "NEW_AND_OLD_IMAGES"},
    "queue": {"retention": 1209600, "encrypted": True},
    "log": {"days": 30},
    "function": {"handler": "bootstrap", "runtime": "provided.al2023", "architecture": "arm64", "memory": 128,
                 "timeout": 30, "log format": "JSON", "own log": True, "environment": {"DDBS_REPORT": "items"}},
    "mapping": {"StartingPosition": "TRIM_HORIZON", "BatchSize": 100, "MaximumRetryAttempts": 10,
                "MaximumRecordAgeInSeconds": 21600, "BisectBatchOnFunctionError": True,
                "FunctionResponseTypes": ["ReportBatchItemFailures"], "Metrics": ["EventCount"], "on failure": "queue"},
    "role": {("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"): "stream",
             ("dynamodb:ListStreams",): "*", ("sqs:SendMessage",): "queue",
             ("logs:CreateLogStream", "logs:PutLogEvents"): "log"},
    "alarms": {
        ("AWS/Lambda", "IteratorAge", "FunctionName"): ("Maximum", 60, 5, 60000),
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"): ("Maximum", 60, 1, 0),
        ("ddbstream", "RecordsFailed", "FunctionName"): ("Sum", 300, 1, 5),
        ("ddbstream", "WorkerCrashes", "FunctionName"): ("Sum", 300, 1, 0),
    },
}


def content(name):
    with open(os.path.join(DEPLOY, name), encoding="utf-8") as file:
        return file.read()


def compare(found):
    for part, wanted in SETTINGS.items():
        if isinstance(found[part], dict):
            for key in {**wanted, **found[part]}:
                expect(found[part].get(key), wanted.get(key), f"{part}: {key}")
        expect(found[part], wanted, part)


def mapping_of(settings, on_failure):
    kept = {key: settings[key] for key in SETTINGS["mapping"] if key in settings}
    return {**kept, "Metrics": settings["MetricsConfig"]["Metrics"], "on failure": on_failure}


# ---- Templates of CloudFormation, with and without SAM ----

def names(value):
    """The resource that !GetAtt, !Ref or !Sub "${X...}" names."""
    return re.search(r"[A-Z]\w+", value[1]).group(0) if isinstance(value, list) else value


def role_of(properties):
    """Actions and what they are allowed on; one policy, written out, and nobody but Lambda takes the role."""
    expect(set(properties), {"AssumeRolePolicyDocument", "Policies"})
    (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]
    expect((trust["Effect"], trust["Principal"], trust["Action"]),
           ("Allow", {"Service": "lambda.amazonaws.com"}, "sts:AssumeRole"))
    (policy,) = properties["Policies"]
    found = {}
    for statement in policy["PolicyDocument"]["Statement"]:
        expect((statement["Effect"], set(statement)), ("Allow", {"Effect", "Action", "Resource"}))
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        found[tuple(sorted(actions))] = {"Table": "stream", "Failed": "queue", "Log": "log"}.get(
            names(statement["Resource"]), statement["Resource"])
    return found


def alarms_of(resources):
    found = {}
    for resource in resources.values():
        if resource["Type"] != "AWS::CloudWatch::Alarm":
            continue
        alarm = resource["Properties"]
        (dimension,) = alarm["Dimensions"]
        expect(names(dimension["Value"]), {"FunctionName": "Orders", "QueueName": "Failed"}[dimension["Name"]])
        expect({key: alarm[key] for key in ALARM}, ALARM)
        expect(alarm["AlarmActions"][0], "!If")
        found[alarm["Namespace"], alarm["MetricName"], dimension["Name"]] = (
            alarm["Statistic"], alarm["Period"], alarm["EvaluationPeriods"], alarm["Threshold"])
    return found


def template_settings(template):
    resources = template["Resources"]
    properties = {name: resource["Properties"] for name, resource in resources.items()}
    table, queue, function = properties["Table"], properties["Failed"], properties["Orders"]
    if "Mapping" in properties:
        mapping, stream = properties["Mapping"], properties["Mapping"]["EventSourceArn"]
        expect(mapping["FunctionName"], ["!Ref", "Orders"])
    else:
        mapping = function["Events"]["Stream"]["Properties"]
        stream = mapping["Stream"]
    expect(stream, ["!GetAtt", "Table.StreamArn"])
    expect(function["Role"], ["!GetAtt", "Role.Arn"])
    on_failure = mapping["DestinationConfig"]["OnFailure"]["Destination"]
    return {
        "table": {"billing": table["BillingMode"], "key": table["KeySchema"][0]["AttributeName"],
                  "key type": table["AttributeDefinitions"][0]["AttributeType"],
                  "view": table["StreamSpecification"]["StreamViewType"]},
        "queue": {"retention": queue["MessageRetentionPeriod"], "encrypted": queue["SqsManagedSseEnabled"]},
        "log": {"days": properties["Log"]["RetentionInDays"]},
        "function": {"handler": function["Handler"], "runtime": function["Runtime"],
                     "architecture": "".join(function["Architectures"]), "memory": function["MemorySize"],
                     "timeout": function["Timeout"], "log format": function["LoggingConfig"]["LogFormat"],
                     "own log": function["LoggingConfig"]["LogGroup"] == ["!Ref", "Log"],
                     "environment": function["Environment"]["Variables"]},
        "mapping": mapping_of(mapping, {"Failed": "queue"}.get(names(on_failure))),
        "role": role_of(properties["Role"]),
        "alarms": alarms_of(resources),
    }


@test
def sam_says_what_the_table_says():
    template = load(content("template.yaml"))
    compare(template_settings(template))
    orders = template["Resources"]["Orders"]
    expect(orders["Metadata"], {"BuildMethod": "makefile"})
    code = os.path.normpath(os.path.join(DEPLOY, orders["Properties"]["CodeUri"]))
    with open(os.path.join(code, "Makefile"), encoding="utf-8") as file:
        assert re.search("^build-%:", file.read(), re.M), "the Makefile of CodeUri has no target build-<LogicalId>"


@test
def cloudformation_says_what_the_table_says():
    compare(template_settings(load(content("cloudformation.yaml"))))


# ---- The AWS CLI ----

STREAM = "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders/stream/2026-10-19T08:35:12.417"
# Writes down what it was asked, and answers what the script reads. Whether things are there already: AWS_THERE.
AWS = f"""#!{sys.executable}
import json, os, sys
with open(os.environ["AWS_CALLS"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
there = bool(os.environ.get("AWS_THERE"))
call = " ".join(sys.argv[1:3])
print({{"sts get-caller-identity": "111122223333", "configure get": "eu-west-1",
       "dynamodb describe-table": "{STREAM}", "lambda list-event-source-mappings": "uuid-1" if there else "None"}}
      .get(call, ""))
exists = call == "dynamodb describe-table" and not os.path.exists(os.environ["AWS_CALLS"] + ".table")
if call == "dynamodb create-table":
    open(os.environ["AWS_CALLS"] + ".table", "w").close()
sys.exit(0 if there or not (exists or call == "lambda get-function") else 1)
"""


def calls_of_the_script(there=False):
    """[service operation, {option: [values]}] of each call."""
    with tempfile.TemporaryDirectory() as folder:
        calls = os.path.join(folder, "calls")
        with open(os.path.join(folder, "aws"), "w", encoding="utf-8") as file:
            file.write(AWS)
        os.chmod(file.name, 0o755)
        done = subprocess.run(["sh", os.path.join(DEPLOY, "deploy.sh"), "orders-arm64.zip"], capture_output=True, text=True,
                              timeout=120, check=False,
                              env={"PATH": folder + ":" + os.environ["PATH"], "AWS_CALLS": calls, "IAM_DELAY": "0",
                                   "AWS_THERE": "yes" if there else "", "ALARM_TOPIC": "arn:aws:sns:eu-west-1:1:t"})
        expect(done.returncode, 0, done.stderr)
        with open(calls, encoding="utf-8") as file:
            return [call_of(json.loads(line)) for line in file]


def call_of(words):
    options, last = {}, None
    for word in words[2:]:
        if word.startswith("--"):
            last = options.setdefault(word[2:], [])
        elif last is not None:
            last.append(word)
    return " ".join(words[:2]), {key: values[0] if len(values) == 1 else values for key, values in options.items()}


def pairs(text):
    """"A=1,B=2" as a dict; braces are taken off."""
    return dict(pair.split("=", 1) for pair in re.sub(r"[{}]", "", text).split(","))


def only(calls, name):
    (options,) = [options for call, options in calls if call == name]
    return options


def cli_role(calls):
    trust = json.loads(only(calls, "iam create-role")["assume-role-policy-document"])
    document = json.loads(only(calls, "iam put-role-policy")["policy-document"])
    kinds = {STREAM: "stream", "arn:aws:sqs:eu-west-1:111122223333:orders-failed": "queue",
             "arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/orders-consumer:*": "log"}
    for statement in document["Statement"]:
        statement["Resource"] = kinds.get(statement["Resource"], statement["Resource"])
    return role_of({"AssumeRolePolicyDocument": trust, "Policies": [{"PolicyDocument": document}]})


def cli_alarms(calls):
    found = {}
    for call, alarm in calls:
        if call == "cloudwatch put-metric-alarm":
            dimension = pairs(alarm["dimensions"])
            expect(dimension["Value"], {"FunctionName": "orders-consumer", "QueueName": "orders-failed"}[dimension["Name"]])
            expect((alarm["comparison-operator"], alarm["treat-missing-data"]), tuple(ALARM.values()))
            expect(alarm["alarm-actions"], "arn:aws:sns:eu-west-1:1:t")
            found[alarm["namespace"], alarm["metric-name"], dimension["Name"]] = (
                alarm["statistic"], int(alarm["period"]), int(alarm["evaluation-periods"]), int(alarm["threshold"]))
    return found


def cli_function(function, architecture):
    logging = pairs(function["logging-config"])
    name, variables = function["environment"].split("=", 1)
    expect(name, "Variables")
    return {"handler": function["handler"], "runtime": function["runtime"], "architecture": architecture,
            "memory": int(function["memory-size"]), "timeout": int(function["timeout"]),
            "log format": logging["LogFormat"], "own log": logging["LogGroup"] == "/aws/lambda/orders-consumer",
            "environment": pairs(variables)}


def cli_mapping(options):
    text = options["cli-input-json"]
    settings = json.loads(content("mapping.json") if text.startswith("file://") else text)
    destination = options["destination-config"].split("=", 1)[1]
    return settings, mapping_of(settings, {"{Destination=arn:aws:sqs:eu-west-1:111122223333:orders-failed}": "queue"}.get(
        destination))


@test
def the_script_for_the_cli_says_what_the_table_says():
    calls = calls_of_the_script()
    table = only(calls, "dynamodb create-table")
    key = pairs(table["attribute-definitions"])
    queue = pairs(only(calls, "sqs create-queue")["attributes"])
    function = only(calls, "lambda create-function")
    mapping = only(calls, "lambda create-event-source-mapping")
    expect((mapping["event-source-arn"], mapping["function-name"]), (STREAM, "orders-consumer"))
    compare({
        "table": {"billing": table["billing-mode"], "key": key["AttributeName"], "key type": key["AttributeType"],
                  "view": pairs(table["stream-specification"])["StreamViewType"]},
        "queue": {"retention": int(queue["MessageRetentionPeriod"]), "encrypted": queue["SqsManagedSseEnabled"] == "true"},
        "log": {"days": int(only(calls, "logs put-retention-policy")["retention-in-days"])},
        "function": cli_function(function, function["architectures"]),
        "mapping": cli_mapping(mapping)[1],
        "role": cli_role(calls),
        "alarms": cli_alarms(calls),
    })


@test
def run_again_the_script_updates_what_is_there():
    calls = calls_of_the_script(there=True)
    expect([call for call, _ in calls if call.startswith(("dynamodb create", "lambda create"))], [])
    code = only(calls, "lambda update-function-code")
    expect(cli_function(only(calls, "lambda update-function-configuration"), code["architectures"]), SETTINGS["function"])
    update = only(calls, "lambda update-event-source-mapping")
    settings, mapping = cli_mapping(update)
    expect({**mapping, "StartingPosition": "TRIM_HORIZON"}, SETTINGS["mapping"])
    # UpdateEventSourceMapping has neither; the CLI refuses what an operation does not have.
    assert not {"EventSourceArn", "StartingPosition"} & set(settings), settings
    expect(update["uuid"], "uuid-1")


# ---- Terraform, and the tools of the field ----

def hcl():
    """The HCL as JSON, or a sentence about why not."""
    missing = [tool for tool in ("node", "npm") if shutil.which(tool) is None]
    if missing:
        return " and ".join(missing) + " absent"
    folder = os.path.join(BIN, "deploy")
    os.makedirs(folder, exist_ok=True)
    if not os.path.isdir(os.path.join(folder, "node_modules", HCL_PARSER)):
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-save", "--no-package-lock",
                               "--prefix", folder, HCL_PARSER],
                              capture_output=True, text=True, timeout=TOOL_MAX_S, check=False)
        if done.returncode != 0:
            return f"{HCL_PARSER} cannot be installed"
    script = (f"require('{HCL_PARSER}').parse('main.tf', require('fs').readFileSync(0, 'utf8'))"
              ".then(x => console.log(JSON.stringify(x)), e => { console.error(e); process.exit(1) })")
    done = subprocess.run(["node", "-e", script], input=content("main.tf"), cwd=folder, capture_output=True, text=True,
                          timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def not_run(why):
    print(f"# not run: {why}", flush=True)


def hcl_role(document):
    kinds = {"${aws_dynamodb_table.orders.stream_arn}": "stream", "${aws_sqs_queue.failed.arn}": "queue",
             "${aws_cloudwatch_log_group.orders.arn}:*": "log"}
    found = {}
    for statement in document["statement"]:
        expect(set(statement), {"actions", "resources"})
        (resource,) = statement["resources"]
        found[tuple(sorted(statement["actions"]))] = kinds.get(resource, resource)
    return found


def hcl_alarms(parsed):
    (alarm,) = parsed["resource"]["aws_cloudwatch_metric_alarm"]["orders"]
    expect((alarm["comparison_operator"], alarm["treat_missing_data"]), tuple(ALARM.values()))
    expect(alarm["for_each"], "${local.alarms}")
    for ours, its in (("namespace", "namespace"), ("metric_name", "metric"), ("statistic", "statistic"),
                      ("period", "period"), ("evaluation_periods", "periods"), ("threshold", "threshold")):
        expect(alarm[ours], "${each.value." + its + "}")
    (alarms,) = [local["alarms"] for local in parsed["locals"] if "alarms" in local]
    return {(a["namespace"], a["metric"], a["dimension"]): (a["statistic"], a["period"], a["periods"], a["threshold"])
            for a in alarms.values()}


def hcl_mapping(mapping):
    expect(mapping["function_name"], "${aws_lambda_function.orders.arn}")
    expect(mapping["event_source_arn"], "${aws_dynamodb_table.orders.stream_arn}")
    destination = mapping["destination_config"][0]["on_failure"][0]["destination_arn"]
    named = {"StartingPosition": "starting_position", "BatchSize": "batch_size",
             "MaximumRetryAttempts": "maximum_retry_attempts", "MaximumRecordAgeInSeconds": "maximum_record_age_in_seconds",
             "BisectBatchOnFunctionError": "bisect_batch_on_function_error",
             "FunctionResponseTypes": "function_response_types"}
    return {**{key: mapping[name] for key, name in named.items()}, "Metrics": mapping["metrics_config"][0]["metrics"],
            "on failure": {"${aws_sqs_queue.failed.arn}": "queue"}.get(destination)}


def terraform_says_what_the_table_says():
    parsed = hcl()
    if isinstance(parsed, str):
        return not_run(f"the comparison with Terraform: {parsed}")
    resource = {kind: (list(named.values())[0][0]) for kind, named in parsed["resource"].items()}
    table, queue, function = (resource[kind] for kind in ("aws_dynamodb_table", "aws_sqs_queue", "aws_lambda_function"))
    logging = function["logging_config"][0]
    data = parsed["data"]["aws_iam_policy_document"]
    compare({
        "table": {"billing": table["billing_mode"], "key": table["hash_key"], "key type": table["attribute"][0]["type"],
                  "view": table["stream_view_type"]},
        "queue": {"retention": queue["message_retention_seconds"], "encrypted": queue["sqs_managed_sse_enabled"]},
        "log": {"days": resource["aws_cloudwatch_log_group"]["retention_in_days"]},
        "function": {"handler": function["handler"], "runtime": function["runtime"],
                     "architecture": "".join(function["architectures"]), "memory": function["memory_size"],
                     "timeout": function["timeout"], "log format": logging["log_format"],
                     "own log": logging["log_group"] == "${aws_cloudwatch_log_group.orders.name}",
                     "environment": function["environment"][0]["variables"]},
        "mapping": hcl_mapping(resource["aws_lambda_event_source_mapping"]),
        "role": hcl_role(data["orders"][0]),
        "alarms": hcl_alarms(parsed),
    })
    return None


def run_tool(name, *arguments, cwd=DEPLOY):
    """What a tool says; None and a line where it is absent or does not come to an end."""
    if shutil.which(name) is None:
        return not_run(f"{name} absent")
    try:
        return subprocess.run([name, *arguments], cwd=cwd, capture_output=True, text=True, timeout=TOOL_MAX_S, check=False)
    except subprocess.TimeoutExpired:
        return not_run(f"{name} {arguments[0]} did not end within {TOOL_MAX_S} s")


def accepts(name, *arguments, cwd=DEPLOY):
    done = run_tool(name, *arguments, cwd=cwd)
    assert done is None or done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def the_tools_of_the_field_accept_what_is_shipped():
    accepts("shellcheck", "deploy.sh")
    others = sorted(glob.glob(os.path.join(DEPLOY, "..", "..", "*", "template.yaml")))
    assert len(others) > 10, others
    accepts("cfn-lint", "template.yaml", "cloudformation.yaml", *others)
    accepts("terraform", "fmt", "-check", "main.tf")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(os.path.join(DEPLOY, "main.tf"), folder)
        done = run_tool("terraform", "init", "-backend=false", cwd=folder)
        if done is not None and done.returncode == 0:
            accepts("terraform", "validate", cwd=folder)
        elif done is not None:
            not_run("terraform validate: its provider cannot be fetched")
        accepts("sam", "build", "-t", os.path.join(DEPLOY, "template.yaml"), "-b", os.path.join(folder, "built"))


if TOOLS:
    TESTS.extend([terraform_says_what_the_table_says, the_tools_of_the_field_accept_what_is_shipped])

if __name__ == "__main__":
    sys.exit(main())
