variable "name" {
  description = "What the names of all resources begin with."
  type        = string
  default     = "lifeboat"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.name))
    error_message = "Use 2 to 21 lower-case letters, digits and dashes."
  }
}

variable "region" {
  description = "Where everything runs: beside Odoo's database and filestore."
  type        = string
}

variable "functions" {
  description = "The folder of the functions, each with its function.yaml."
  type        = string
  default     = "../../functions"
}

variable "package" {
  description = "function.zip, as ./mvnw package -Plambda leaves it in target/."
  type        = string
  default     = "../../target/function.zip"
}

variable "package_bucket" {
  description = "A bucket that the package is put into: it is larger than what Lambda takes directly."
  type        = string
}

variable "runtime" {
  description = "Lambda's runtime: java25 for the zip of a JVM (with a provider that knows it: 5.100 does not), provided.al2023 for that of a native program."
  type        = string
  default     = "java25"
}

variable "images" {
  description = "The images of engine and sidecar in a registry that this account reaches."
  type = object({
    lifeboat = string
    sidecar  = string
  })
}

variable "network" {
  description = "Private subnets with a way to S3, Secrets Manager and Lambda, and the groups that Odoo's database and the file system let in."
  type = object({
    vpc             = string
    subnets         = list(string)
    security_groups = list(string)
  })
}

variable "files" {
  description = "The EFS file system; an access point as Odoo's user with the folders odoo (Odoo's data_dir) and lifeboat (config/application.yaml, keys, evidence); one for odoo alone."
  type = object({
    file_system       = string
    odoo_access_point = string
    data_access_point = string
  })
}

variable "state" {
  description = "The database of Lifeboat's state: its address and user. The password is put into the secret that is made here."
  type = object({
    jdbc_url = string
    user     = string
  })
}

variable "buckets" {
  description = "ARNs of the stores' buckets (terraform/buckets)."
  type        = list(string)
}

variable "schedules" {
  description = "What is started when: the words of the command line, and a schedule of EventBridge Scheduler in UTC. Take an environment's schedule out of application.yaml where it stands here."
  type = map(object({
    schedule = string
    command  = list(string)
  }))
  default = {}
}

variable "engine" {
  description = "Whether an engine stays beside the functions, as a task: it has the API, the console and /events. Without it functions alone begin and advance runs."
  type        = bool
  default     = true
}

variable "events_endpoint" {
  description = "Where the engine's /events answers over HTTPS, for the deployments' events on the bus; empty: nothing leads there."
  type        = string
  default     = ""
}

variable "alarm_topic" {
  description = "ARN of the SNS topic that is told of alarms; empty: nobody is."
  type        = string
  default     = ""
}

variable "log_days" {
  description = "For how long logs are kept."
  type        = number
  default     = 90
}
