variable "name" {
  description = "What the names of the buckets begin with; unique in the world."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,40}$", var.name))
    error_message = "Use 3 to 41 lower-case letters, digits and dashes."
  }
}

variable "regions" {
  description = "Where the three stores are."
  type = object({
    primary   = string
    secondary = string
    tertiary  = string
  })
  validation {
    condition     = length(distinct(values(var.regions))) == 3
    error_message = "Three stores in fewer than three regions fall together: name three regions."
  }
}

variable "prefix" {
  description = "What every key begins with: lifeboat.stores.NAME.prefix."
  type        = string
  default     = ""
  validation {
    condition     = var.prefix == "" || can(regex("^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*/$", var.prefix))
    error_message = "Write it with a slash at its end and none at its beginning: lifeboat/"
  }
}

variable "may_delete" {
  description = "Whether the credentials may delete (expiry: delete). Without it Lifeboat tags and the bucket's rule deletes (expiry: tag)."
  type        = bool
  default     = false
}
