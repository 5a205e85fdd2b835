# What starts runs without a person: EventBridge Scheduler calls advance by the minute, which begins what the environments' schedules want, or
# runs the command line once as a task, which asks the engine; the deployments' events on the bus are handed to the engine as they are.

resource "aws_scheduler_schedule_group" "lifeboat" {
  name = var.name
}

# Not the engine's own token, which may do everything: one that lifeboat token create makes, for what the schedules do.
resource "aws_secretsmanager_secret" "commands" {
  name        = "${var.name}/commands"
  description = "LIFEBOAT_TOKEN of scheduled commands, with the action backup; its value is put in by hand"
}

# What starts a command: its image, its log, its token and no other secret.
resource "aws_iam_role" "command" {
  name               = "${var.name}-command-start"
  assume_role_policy = local.assume["ecs-tasks"]
}

resource "aws_iam_role_policy_attachment" "command" {
  role       = aws_iam_role.command.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "command" {
  name = "secrets"
  role = aws_iam_role.command.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Secrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = [aws_secretsmanager_secret.commands.arn]
    }]
  })
}

resource "aws_ecs_task_definition" "command" {
  family                   = "${var.name}-command"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.command.arn
  container_definitions = jsonencode([{
    name                   = "command"
    image                  = var.images.lifeboat
    command                = ["runs"]
    essential              = true
    readonlyRootFilesystem = true
    user                   = "lifeboat"
    environment            = [{ name = "LIFEBOAT_URL", value = "http://engine.${aws_service_discovery_private_dns_namespace.lifeboat.name}:8620" }]
    secrets                = [{ name = local.secret_variables.token, valueFrom = aws_secretsmanager_secret.commands.arn }]
    mountPoints            = [{ sourceVolume = "tmp", containerPath = "/tmp", readOnly = false }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.container["engine"].name
        awslogs-region        = var.region
        awslogs-stream-prefix = "command"
      }
    }
  }])
  volume {
    name = "tmp"
  }
}

resource "aws_scheduler_schedule" "command" {
  for_each                     = var.schedules
  name                         = each.key
  group_name                   = aws_scheduler_schedule_group.lifeboat.name
  schedule_expression          = each.value.schedule
  schedule_expression_timezone = "UTC"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_ecs_cluster.lifeboat.arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({ containerOverrides = [{ name = "command", command = each.value.command }] })
    ecs_parameters {
      task_definition_arn = aws_ecs_task_definition.command.arn
      launch_type         = "FARGATE"
      network_configuration {
        subnets         = var.network.subnets
        security_groups = var.network.security_groups
      }
    }
    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 10
    }
  }
}

resource "aws_iam_role" "scheduler" {
  name               = "${var.name}-scheduler"
  assume_role_policy = local.assume["scheduler"]
}

resource "aws_iam_role_policy" "scheduler" {
  name = "run"
  role = aws_iam_role.scheduler.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Run"
        Effect   = "Allow"
        Action   = ["ecs:RunTask"]
        Resource = [aws_ecs_task_definition.command.arn]
      },
      {
        Sid      = "AsItself"
        Effect   = "Allow"
        Action   = ["iam:PassRole"]
        Resource = [aws_iam_role.command.arn]
      },
    ]
  })
}

# Functions that are to be called by the minute: what stands in for an engine then does what is due, and needs none that stays.
resource "aws_scheduler_schedule" "function" {
  for_each            = { for name, function in local.functions : name => function.every_minutes if can(function.every_minutes) }
  name                = "${var.name}-${each.key}"
  group_name          = aws_scheduler_schedule_group.lifeboat.name
  schedule_expression = each.value == 1 ? "rate(1 minute)" : "rate(${each.value} minutes)"
  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_lambda_function.function[each.key].arn
    role_arn = aws_iam_role.minute[each.key].arn
    input    = jsonencode({ sweep = true })
    # The next minute's call does what this one did not.
    retry_policy {
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = 0
    }
  }
}

resource "aws_iam_role" "minute" {
  for_each           = { for name, function in local.functions : name => function.every_minutes if can(function.every_minutes) }
  name               = "${var.name}-${each.key}-minute"
  assume_role_policy = local.assume["scheduler"]
}

resource "aws_iam_role_policy" "minute" {
  for_each = aws_iam_role.minute
  name     = "call"
  role     = each.value.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Call"
      Effect   = "Allow"
      Action   = ["lambda:InvokeFunction"]
      Resource = [aws_lambda_function.function[each.key].arn]
    }]
  })
}

resource "aws_cloudwatch_event_bus" "deployments" {
  name = "${var.name}-deployments"
}

resource "aws_cloudwatch_event_rule" "deployments" {
  name           = "${var.name}-deployments"
  description    = "deployments that begin or are done"
  event_bus_name = aws_cloudwatch_event_bus.deployments.name
  event_pattern = jsonencode({
    detail-type = ["dev.lifeboat.deploy.starting", "dev.lifeboat.deploy.completed"]
  })
}

# The provider has no write-only argument for the key, and would keep it in the state: the token, with the action backup and no
# other, is put in by hand (docs/deploy-aws.md), and EventBridge keeps it in a secret of its own.
resource "aws_cloudwatch_event_connection" "engine" {
  count              = var.events_endpoint == "" ? 0 : 1
  name               = "${var.name}-engine"
  authorization_type = "API_KEY"
  auth_parameters {
    api_key {
      key   = "Authorization"
      value = "put in by hand"
    }
  }
  lifecycle {
    ignore_changes = [auth_parameters[0].api_key[0].value]
  }
}

resource "aws_cloudwatch_event_api_destination" "engine" {
  count                            = var.events_endpoint == "" ? 0 : 1
  name                             = "${var.name}-engine"
  connection_arn                   = aws_cloudwatch_event_connection.engine[0].arn
  invocation_endpoint              = var.events_endpoint
  http_method                      = "POST"
  invocation_rate_limit_per_second = 10
}

resource "aws_cloudwatch_event_target" "engine" {
  count          = var.events_endpoint == "" ? 0 : 1
  rule           = aws_cloudwatch_event_rule.deployments.name
  event_bus_name = aws_cloudwatch_event_bus.deployments.name
  arn            = aws_cloudwatch_event_api_destination.engine[0].arn
  role_arn       = aws_iam_role.events.arn
  # One that is delivered again does nothing more.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }
}

resource "aws_iam_role" "events" {
  name               = "${var.name}-events"
  assume_role_policy = local.assume["events"]
}

resource "aws_iam_role_policy" "events" {
  count = var.events_endpoint == "" ? 0 : 1
  name  = "deliver"
  role  = aws_iam_role.events.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Deliver"
      Effect   = "Allow"
      Action   = ["events:InvokeApiDestination"]
      Resource = [aws_cloudwatch_event_api_destination.engine[0].arn]
    }]
  })
}
