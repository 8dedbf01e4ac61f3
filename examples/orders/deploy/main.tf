# Terraform. Make the zip first: ./package.sh --arch arm64 -o build examples/orders
#   terraform init && terraform apply -var zip=../../../build/orders-arm64.zip

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.40"
    }
  }
}

variable "zip" {
  type        = string
  description = "what package.sh made"
}

variable "alarm_topic" {
  type        = string
  default     = ""
  description = "ARN of an SNS topic that alarms are sent to; empty for none"
}

locals {
  alarm_actions = var.alarm_topic == "" ? [] : [var.alarm_topic]
}

resource "aws_dynamodb_table" "orders" {
  name             = "Orders"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "OrderId"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "OrderId"
    type = "S"
  }
}

# What is given up after all retries: metadata of the batch; `ddbstream redrive` reads it.
resource "aws_sqs_queue" "failed" {
  name                      = "orders-failed"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_cloudwatch_log_group" "orders" {
  name              = "/aws/lambda/orders-consumer"
  retention_in_days = 30
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# What the function may do: read this stream, write this log, give up into this queue.
data "aws_iam_policy_document" "orders" {
  statement {
    actions   = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
    resources = [aws_dynamodb_table.orders.stream_arn]
  }
  statement {
    actions   = ["dynamodb:ListStreams"] # takes no resource
    resources = ["*"]
  }
  statement {
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.failed.arn]
  }
  statement {
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.orders.arn}:*"]
  }
}

resource "aws_iam_role" "orders" {
  name               = "orders-consumer"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "orders" {
  role   = aws_iam_role.orders.id
  policy = data.aws_iam_policy_document.orders.json
}

resource "aws_lambda_function" "orders" {
  function_name    = "orders-consumer"
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  role             = aws_iam_role.orders.arn
  handler          = "bootstrap"
  runtime          = "provided.al2023"
  architectures    = ["arm64"]
  memory_size      = 128
  timeout          = 30

  environment {
    variables = {
      DDBS_REPORT = "items" # belongs to ReportBatchItemFailures below: one without the other loses records
    }
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.orders.name
  }
}

resource "aws_lambda_event_source_mapping" "orders" {
  function_name                  = aws_lambda_function.orders.arn
  event_source_arn               = aws_dynamodb_table.orders.stream_arn
  starting_position              = "TRIM_HORIZON"
  batch_size                     = 100
  maximum_retry_attempts         = 10
  maximum_record_age_in_seconds  = 21600
  bisect_batch_on_function_error = true
  function_response_types        = ["ReportBatchItemFailures"]

  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.failed.arn
    }
  }

  metrics_config {
    metrics = ["EventCount"]
  }

  depends_on = [aws_iam_role_policy.orders]
}

locals {
  # A blocked shard shows in the age first. With partial answers Lambda's own Errors stays 0 whatever fails: the last two
  # come from the runtime.
  alarms = {
    age     = { namespace = "AWS/Lambda", metric = "IteratorAge", statistic = "Maximum", period = 60, periods = 5, threshold = 60000, dimension = "FunctionName" }
    failed  = { namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum", period = 60, periods = 1, threshold = 0, dimension = "QueueName" }
    records = { namespace = "ddbstream", metric = "RecordsFailed", statistic = "Sum", period = 300, periods = 1, threshold = 5, dimension = "FunctionName" }
    crashes = { namespace = "ddbstream", metric = "WorkerCrashes", statistic = "Sum", period = 300, periods = 1, threshold = 0, dimension = "FunctionName" }
  }
}

resource "aws_cloudwatch_metric_alarm" "orders" {
  for_each            = local.alarms
  alarm_name          = "orders-consumer-${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.periods
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions

  dimensions = {
    (each.value.dimension) = each.value.dimension == "QueueName" ? aws_sqs_queue.failed.name : aws_lambda_function.orders.function_name
  }
}

output "table" {
  value = aws_dynamodb_table.orders.name
}

output "failed_queue" {
  value = aws_sqs_queue.failed.url
}
