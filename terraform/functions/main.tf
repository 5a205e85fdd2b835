# Each function of functions/ as a Lambda of its own, with no more rights than its function.yaml names. What takes longer than a Lambda
# may goes on in the sidecar (sidecar.tf); what starts runs is in triggers.tf.

locals {
  functions = {
    for file in fileset(var.functions, "*/function.yaml") :
    dirname(file) => yamldecode(file("${var.functions}/${file}"))
  }

  # docs/stores.md lists what each right is for.
  store_rights = {
    read   = ["s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectRetention"]
    write  = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:PutObjectTagging", "s3:PutObjectRetention"]
    delete = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
  }
  bucket_rights = [
    "s3:ListBucket",
    "s3:GetBucketVersioning",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucketMultipartUploads",
  ]

  # "stores: read, write" of a function.yaml to the names of the rights
  stores_of = {
    for name, function in local.functions : name => distinct(flatten([
      for permission in function.permissions :
      split(", ", trimprefix(trimprefix(permission, "stores: "), "store: "))
      if startswith(permission, "stores: ") || startswith(permission, "store: ")
    ]))
  }

  # What stands in for an engine calls the others, and brings the state to the version of the program.
  callers = [for name, function in local.functions : name if contains(function.permissions, "functions: call")]
  calls = {
    LIFEBOAT_FUNCTIONS_LAMBDA_REGION = var.region
    LIFEBOAT_FUNCTIONS_LAMBDA_PREFIX = "${var.name}-"
    LIFEBOAT_FUNCTIONS_LIMIT         = "9m"
  }

  # as the engine's container has it in common with functions and sidecar
  settings = {
    LIFEBOAT_EVIDENCE_DIR     = "/mnt/data/lifeboat/evidence"
    LIFEBOAT_SIDECAR_URL      = "http://sidecar.${aws_service_discovery_private_dns_namespace.lifeboat.name}:8621"
    QUARKUS_CONFIG_LOCATIONS  = "/mnt/data/lifeboat/config/application.yaml"
    QUARKUS_LOG_FILE_ENABLED  = "false"
    QUARKUS_LOG_CONSOLE_LEVEL = "INFO"
  }

  assume = {
    for service in ["lambda", "ecs-tasks", "scheduler", "events"] : service => jsonencode({
      Version = "2012-10-17"
      Statement = [{
        Effect    = "Allow"
        Principal = { Service = "${service}.amazonaws.com" }
        Action    = "sts:AssumeRole"
      }]
    })
  }
}

resource "aws_s3_object" "package" {
  bucket      = var.package_bucket
  key         = "${var.name}/function.zip"
  source      = var.package
  source_hash = fileexists(var.package) ? filesha256(var.package) : null
}

resource "aws_lambda_function" "function" {
  for_each = local.functions

  function_name    = "${var.name}-${each.key}"
  description      = each.value.summary
  role             = aws_iam_role.function[each.key].arn
  s3_bucket        = aws_s3_object.package.bucket
  s3_key           = aws_s3_object.package.key
  source_code_hash = fileexists(var.package) ? filebase64sha256(var.package) : null
  runtime          = var.runtime
  handler          = "io.quarkus.funqy.lambda.FunqyStreamHandler::handleRequest"
  architectures    = ["x86_64"]
  memory_size      = each.value.memory_mib
  timeout          = min(each.value.timeout_seconds, 900)

  environment {
    variables = merge(local.settings, contains(local.callers, each.key) ? local.calls : {}, {
      QUARKUS_FUNQY_EXPORT             = each.key
      LIFEBOAT_ROLE                    = "function"
      LIFEBOAT_KEYS_DIR                = "/mnt/data/lifeboat/keys"
      QUARKUS_FLYWAY_MIGRATE_AT_START  = tostring(contains(local.callers, each.key))
      QUARKUS_HTTP_HOST_ENABLED        = "false"
      QUARKUS_DATASOURCE_JDBC_MAX_SIZE = contains(local.callers, each.key) ? "8" : "3"
      JAVA_TOOL_OPTIONS                = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED -Djava.util.logging.manager=org.jboss.logmanager.LogManager"
    })
  }

  vpc_config {
    subnet_ids         = var.network.subnets
    security_group_ids = var.network.security_groups
  }

  # Configuration, with the passwords that functions need, lies on the file system as a file of one user: not in the environment, which
  # whoever may read the function's settings would read. Odoo's files lie beside it: functions look at them.
  file_system_config {
    arn              = var.files.data_access_point
    local_mount_path = "/mnt/data"
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function[each.key].name
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/${var.name}/functions/${each.key}"
  retention_in_days = var.log_days
}

resource "aws_iam_role" "function" {
  for_each           = local.functions
  name               = "${var.name}-${each.key}"
  assume_role_policy = local.assume["lambda"]
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions
  name     = "function"
  role     = aws_iam_role.function[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Log"
          Effect   = "Allow"
          Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
          Resource = ["${aws_cloudwatch_log_group.function[each.key].arn}:*"]
        },
        {
          # Lambda asks for these of whoever is in a network, and for no narrower resource.
          Sid      = "Network"
          Effect   = "Allow"
          Action   = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"]
          Resource = ["*"]
        },
        {
          Sid       = "Files"
          Effect    = "Allow"
          Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
          Resource  = [var.files.file_system]
          Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = var.files.data_access_point } }
        },
      ],
      length(local.stores_of[each.key]) == 0 ? [] : [
        {
          Sid      = "Buckets"
          Effect   = "Allow"
          Action   = local.bucket_rights
          Resource = var.buckets
        },
        {
          Sid      = "Artifacts"
          Effect   = "Allow"
          Action   = flatten([for right in local.stores_of[each.key] : local.store_rights[right]])
          Resource = [for bucket in var.buckets : "${bucket}/*"]
        },
      ],
      !contains(local.callers, each.key) ? [] : [
        {
          Sid      = "Functions"
          Effect   = "Allow"
          Action   = ["lambda:InvokeFunction"]
          Resource = [for name, function in aws_lambda_function.function : function.arn if name != each.key]
        },
      ],
    )
  })
}

# A step that fails is tried again by the run; a function that keeps failing wants somebody to look.
resource "aws_cloudwatch_metric_alarm" "function" {
  for_each            = local.functions
  alarm_name          = "${var.name}-${each.key}-errors"
  alarm_description   = "${each.key}: a call ended by an error or its time-out"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.function[each.key].function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic == "" ? [] : [var.alarm_topic]
}
