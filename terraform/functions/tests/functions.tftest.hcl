# Without any account: the provider is mocked.

mock_provider "aws" {
  # What a provider makes up is no ARN, and it refuses one that is none.
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::111122223333:role/made-up" }
  }
  mock_resource "aws_ecs_cluster" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:111122223333:cluster/made-up" }
  }
  mock_resource "aws_ecs_task_definition" {
    defaults = { arn = "arn:aws:ecs:eu-central-1:111122223333:task-definition/made-up:1" }
  }
  mock_resource "aws_lambda_function" {
    defaults = { arn = "arn:aws:lambda:eu-central-1:111122223333:function:made-up" }
  }
  mock_resource "aws_service_discovery_service" {
    defaults = { arn = "arn:aws:servicediscovery:eu-central-1:111122223333:service/srv-1" }
  }
  mock_resource "aws_cloudwatch_event_connection" {
    defaults = { arn = "arn:aws:events:eu-central-1:111122223333:connection/made-up" }
  }
  mock_resource "aws_cloudwatch_event_api_destination" {
    defaults = { arn = "arn:aws:events:eu-central-1:111122223333:api-destination/made-up" }
  }
}

variables {
  region = "eu-central-1"
  # known to every provider that the module may be given
  runtime = "provided.al2023"
  images  = { lifeboat = "registry.example.com/lifeboat:1", sidecar = "registry.example.com/lifeboat-sidecar:1" }
  network = {
    vpc             = "vpc-1"
    subnets         = ["subnet-1", "subnet-2"]
    security_groups = ["sg-1"]
  }
  files = {
    file_system       = "arn:aws:elasticfilesystem:eu-central-1:111122223333:file-system/fs-1"
    odoo_access_point = "arn:aws:elasticfilesystem:eu-central-1:111122223333:access-point/fsap-0123456789abcdef0"
    data_access_point = "arn:aws:elasticfilesystem:eu-central-1:111122223333:access-point/fsap-0123456789abcdef1"
  }
  state          = { jdbc_url = "jdbc:postgresql://db.example.com:5432/lifeboat", user = "lifeboat" }
  package_bucket = "acme-packages"
  buckets        = ["arn:aws:s3:::acme-a", "arn:aws:s3:::acme-b"]
  schedules = {
    nightly = { schedule = "cron(0 2 * * ? *)", command = ["backup", "prod"] }
  }
}

run "every_function_is_a_lambda_as_its_file_says" {
  command = apply

  assert {
    condition     = toset(keys(output.functions)) == toset([for file in fileset(var.functions, "*/function.yaml") : dirname(file)])
    error_message = "a function has no Lambda, or a Lambda no function"
  }
  assert {
    condition = alltrue([
      for name, function in aws_lambda_function.function :
      function.memory_size == local.functions[name].memory_mib
      && function.timeout == min(local.functions[name].timeout_seconds, 900)
      && function.environment[0].variables.QUARKUS_FUNQY_EXPORT == name
    ])
    error_message = "a Lambda is not what its function.yaml says"
  }
  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.function : group.retention_in_days == 90])
    error_message = "a log is kept for ever"
  }
}

run "a_function_has_the_rights_that_its_file_names_and_no_other" {
  command = apply

  assert {
    condition = alltrue([
      for name, policy in aws_iam_role_policy.function :
      strcontains(policy.policy, "s3:Delete") == contains(local.stores_of[name], "delete")
      && strcontains(policy.policy, "s3:PutObject\"") == contains(local.stores_of[name], "write")
      && strcontains(policy.policy, "s3:GetObject\"") == contains(local.stores_of[name], "read")
    ])
    error_message = "a function has another right in the stores than its function.yaml names"
  }
  assert {
    condition     = contains(local.stores_of["prune"], "delete") && !contains(local.stores_of["validate"], "write")
    error_message = "the permissions were not read as they are written"
  }
  assert {
    condition = alltrue(flatten([
      for policy in concat(values(aws_iam_role_policy.function), values(aws_iam_role_policy.container)) : [
        for statement in jsondecode(policy.policy).Statement : alltrue([for action in statement.Action : !strcontains(action, "*")])
      ]
    ]))
    error_message = "a policy has a right that it does not name"
  }
  assert {
    condition = !anytrue(flatten([
      for function in aws_lambda_function.function : [
        for variable in keys(function.environment[0].variables) : can(regex("PASSWORD|TOKEN|SECRET", variable))
      ]
    ]))
    error_message = "a secret stands in a function's environment"
  }
}

run "advance_is_called_by_the_minute_and_calls_the_others" {
  command = apply

  assert {
    condition = (
      keys(aws_scheduler_schedule.function) == ["advance"]
      && aws_scheduler_schedule.function["advance"].schedule_expression == "rate(1 minute)"
      && jsondecode(aws_scheduler_schedule.function["advance"].target[0].input) == { sweep = true }
      && aws_scheduler_schedule.function["advance"].target[0].arn == aws_lambda_function.function["advance"].arn
    )
    error_message = "nothing, or something else, is called by the minute"
  }
  assert {
    condition = (
      jsondecode(aws_iam_role_policy.minute["advance"].policy).Statement[0].Action == ["lambda:InvokeFunction"]
      && length(jsondecode(aws_iam_role_policy.minute["advance"].policy).Statement) == 1
      && length(jsondecode(aws_iam_role_policy.minute["advance"].policy).Statement[0].Resource) == 1
    )
    error_message = "what calls by the minute may do more than that"
  }
  assert {
    condition = alltrue([
      for name, policy in aws_iam_role_policy.function : strcontains(policy.policy, "lambda:InvokeFunction") == (name == "advance")
    ])
    error_message = "another function than advance may call functions"
  }
  assert {
    condition = alltrue([
      for name, function in aws_lambda_function.function :
      (function.environment[0].variables.QUARKUS_FLYWAY_MIGRATE_AT_START == "true") == (name == "advance")
    ])
    error_message = "another function than advance changes the state's tables"
  }
}

run "only_the_sidecar_writes_odoos_files_and_of_the_tasks_only_the_engine_calls_functions" {
  command = apply

  assert {
    condition = alltrue(flatten([
      for name, task in aws_ecs_task_definition.container : [
        for mount in jsondecode(task.container_definitions)[0].mountPoints :
        mount.readOnly == (name != "sidecar") if mount.sourceVolume == "odoo"
      ]
    ]))
    error_message = "Odoo's files are mounted otherwise"
  }
  assert {
    condition     = alltrue([for task in aws_ecs_task_definition.container : jsondecode(task.container_definitions)[0].readonlyRootFilesystem])
    error_message = "a container can write its own file system"
  }
  assert {
    condition = (
      strcontains(aws_iam_role_policy.container["engine"].policy, "lambda:InvokeFunction")
      && !strcontains(aws_iam_role_policy.container["sidecar"].policy, "lambda:InvokeFunction")
    )
    error_message = "another one than the engine may call functions"
  }
}

run "a_schedule_runs_a_command_and_the_bus_leads_nowhere_unless_told" {
  command = apply

  assert {
    condition     = jsondecode(aws_scheduler_schedule.command["nightly"].target[0].input).containerOverrides[0].command == ["backup", "prod"]
    error_message = "the schedule runs something else"
  }
  assert {
    condition     = length(aws_cloudwatch_event_target.engine) == 0
    error_message = "the bus leads to an address that nobody gave"
  }
}

run "what_starts_by_itself_never_holds_the_token_that_may_do_everything" {
  command = apply
  variables {
    events_endpoint = "https://backup.example.com/events"
  }

  assert {
    condition = alltrue([
      for secret in jsondecode(aws_ecs_task_definition.command.container_definitions)[0].secrets :
      secret.valueFrom == aws_secretsmanager_secret.commands.arn
    ])
    error_message = "a scheduled command has another token than its own"
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.command.policy).Statement[0].Resource == [aws_secretsmanager_secret.commands.arn]
    error_message = "what starts a command reads another secret"
  }
  assert {
    condition     = aws_cloudwatch_event_connection.engine[0].auth_parameters[0].api_key[0].value == "put in by hand"
    error_message = "a token lies in the state"
  }
  assert {
    condition     = output.secrets["LIFEBOAT_TOKEN of commands"] == "lifeboat/commands"
    error_message = "the command's secret is not among those that want a value"
  }
}

run "deployments_are_handed_to_the_engine" {
  command = apply
  variables {
    events_endpoint = "https://backup.example.com/events"
  }

  assert {
    condition     = aws_cloudwatch_event_api_destination.engine[0].invocation_endpoint == "https://backup.example.com/events"
    error_message = "the events go elsewhere"
  }
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.deployments.event_pattern)["detail-type"] == ["dev.lifeboat.deploy.starting", "dev.lifeboat.deploy.completed"]
    error_message = "the rule lets other events through"
  }
}

run "without_an_engine_none_runs_and_none_is_missed" {
  command = apply
  variables {
    engine    = false
    schedules = {}
  }

  assert {
    condition     = aws_ecs_service.container["engine"].desired_count == 0 && aws_ecs_service.container["sidecar"].desired_count == 1
    error_message = "an engine runs that nobody wants, or the sidecar does not"
  }
  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.container) == ["sidecar"]
    error_message = "an engine is missed that nobody wants"
  }
}
