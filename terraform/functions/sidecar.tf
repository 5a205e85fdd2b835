# Engine and sidecar as tasks of Fargate, one each: the engine calls the functions, the sidecar does the heavy tasks beside Odoo's files.

locals {
  containers = {
    engine = {
      image   = var.images.lifeboat
      command = ["serve", "--host", "0.0.0.0", "--port", "8620"]
      port    = 8620
      memory  = 1024
      secrets = ["token", "sidecar", "state"]
      environment = merge(local.settings, {
        LIFEBOAT_DATA_DIR                = "/mnt/data/lifeboat"
        LIFEBOAT_FUNCTIONS_LAMBDA_REGION = var.region
        LIFEBOAT_FUNCTIONS_LAMBDA_PREFIX = "${var.name}-"
        LIFEBOAT_FUNCTIONS_LIMIT         = "15m"
      })
    }
    sidecar = {
      image   = var.images.sidecar
      command = ["sidecar", "--host", "0.0.0.0", "--port", "8621"]
      port    = 8621
      memory  = 2048
      secrets = ["sidecar"]
      environment = merge(local.settings, {
        LIFEBOAT_DATA_DIR = "/mnt/data/lifeboat/sidecar"
        LIFEBOAT_KEYS_DIR = "/mnt/data/lifeboat/keys"
      })
    }
  }
  secret_variables = {
    token   = "LIFEBOAT_TOKEN"
    sidecar = "LIFEBOAT_SIDECAR_TOKEN"
    state   = "QUARKUS_DATASOURCE_PASSWORD"
  }
}

resource "aws_secretsmanager_secret" "secret" {
  for_each    = local.secret_variables
  name        = "${var.name}/${each.key}"
  description = "${each.value} of Lifeboat; its value is put in by hand"
}

resource "aws_ecs_cluster" "lifeboat" {
  name = var.name
}

resource "aws_service_discovery_private_dns_namespace" "lifeboat" {
  name = "${var.name}.internal"
  vpc  = var.network.vpc
}

resource "aws_service_discovery_service" "container" {
  for_each = local.containers
  name     = each.key
  dns_config {
    namespace_id = aws_service_discovery_private_dns_namespace.lifeboat.id
    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}

resource "aws_cloudwatch_log_group" "container" {
  for_each          = local.containers
  name              = "/${var.name}/${each.key}"
  retention_in_days = var.log_days
}

resource "aws_ecs_task_definition" "container" {
  for_each                 = local.containers
  family                   = "${var.name}-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = each.value.memory
  execution_role_arn       = aws_iam_role.start[each.key].arn
  task_role_arn            = aws_iam_role.container[each.key].arn

  container_definitions = jsonencode([{
    name                   = each.key
    image                  = each.value.image
    command                = each.value.command
    essential              = true
    readonlyRootFilesystem = true
    user                   = "lifeboat"
    stopTimeout            = 90
    portMappings           = [{ containerPort = each.value.port, protocol = "tcp" }]
    environment = [
      for name, value in merge(each.value.environment, contains(each.value.secrets, "state") ? {
        QUARKUS_DATASOURCE_JDBC_URL = var.state.jdbc_url
        QUARKUS_DATASOURCE_USERNAME = var.state.user
      } : {}) : { name = name, value = value }
    ]
    secrets = [
      for secret in each.value.secrets :
      { name = local.secret_variables[secret], valueFrom = aws_secretsmanager_secret.secret[secret].arn }
    ]
    healthCheck = { command = ["CMD", "healthy"], interval = 30, timeout = 5, startPeriod = 60 }
    mountPoints = [
      { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
      { sourceVolume = "data", containerPath = "/mnt/data", readOnly = false },
      # The engine looks, the sidecar writes.
      { sourceVolume = "odoo", containerPath = "/mnt/data/odoo", readOnly = each.key != "sidecar" },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.container[each.key].name
        awslogs-region        = var.region
        awslogs-stream-prefix = each.key
      }
    }
  }])

  volume {
    name = "tmp"
  }

  dynamic "volume" {
    for_each = { data = var.files.data_access_point, odoo = var.files.odoo_access_point }
    content {
      name = volume.key
      efs_volume_configuration {
        file_system_id     = element(split("/", var.files.file_system), 1)
        transit_encryption = "ENABLED"
        authorization_config {
          access_point_id = element(split("/", volume.value), 1)
          iam             = "ENABLED"
        }
      }
    }
  }
}

resource "aws_ecs_service" "container" {
  for_each        = local.containers
  name            = each.key
  cluster         = aws_ecs_cluster.lifeboat.id
  task_definition = aws_ecs_task_definition.container[each.key].arn
  launch_type     = "FARGATE"
  desired_count   = each.key == "engine" && !var.engine ? 0 : 1
  # The data folder has one owner: the old task ends before the new one starts.
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100

  network_configuration {
    subnets         = var.network.subnets
    security_groups = var.network.security_groups
  }
  service_registries {
    registry_arn = aws_service_discovery_service.container[each.key].arn
  }
}

# What starts a task: its image, its log, its secrets and no other ones.
resource "aws_iam_role" "start" {
  for_each           = local.containers
  name               = "${var.name}-${each.key}-start"
  assume_role_policy = local.assume["ecs-tasks"]
}

resource "aws_iam_role_policy_attachment" "start" {
  for_each   = local.containers
  role       = aws_iam_role.start[each.key].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
}

resource "aws_iam_role_policy" "start" {
  for_each = local.containers
  name     = "secrets"
  role     = aws_iam_role.start[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Secrets"
      Effect   = "Allow"
      Action   = ["secretsmanager:GetSecretValue"]
      Resource = [for secret in each.value.secrets : aws_secretsmanager_secret.secret[secret].arn]
    }]
  })
}

resource "aws_iam_role" "container" {
  for_each           = local.containers
  name               = "${var.name}-${each.key}-task"
  assume_role_policy = local.assume["ecs-tasks"]
}

resource "aws_iam_role_policy" "container" {
  for_each = local.containers
  name     = "task"
  role     = aws_iam_role.container[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid      = "Files"
          Effect   = "Allow"
          Action   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
          Resource = [var.files.file_system]
        },
        {
          Sid      = "Buckets"
          Effect   = "Allow"
          Action   = local.bucket_rights
          Resource = var.buckets
        },
        {
          Sid      = "Artifacts"
          Effect   = "Allow"
          Action   = concat(local.store_rights.read, local.store_rights.write)
          Resource = [for bucket in var.buckets : "${bucket}/*"]
        },
      ],
      each.key != "engine" ? [] : [{
        Sid      = "Functions"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [for function in aws_lambda_function.function : function.arn]
      }],
    )
  })
}

resource "aws_cloudwatch_metric_alarm" "container" {
  for_each            = { for name, container in local.containers : name => container if name != "engine" || var.engine }
  alarm_name          = "${var.name}-${each.key}-gone"
  alarm_description   = "the ${each.key} does not run"
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = aws_ecs_cluster.lifeboat.name, ServiceName = aws_ecs_service.container[each.key].name }
  statistic           = "SampleCount"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = "breaching"
  alarm_actions       = var.alarm_topic == "" ? [] : [var.alarm_topic]
}
