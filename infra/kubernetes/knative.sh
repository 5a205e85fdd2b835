#!/usr/bin/env bash
# Writes the Knative Services of overlays/knative from functions/*/function.yaml, which alone say what a function needs, and a PingSource
# for each that is to be called by the minute. A call takes ten minutes at most, as Knative allows by default: what takes longer goes
# on in the sidecar.
#   usage: knative.sh >overlays/knative/functions.yaml
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../functions"

value() { sed -n "s/^$2: *\([^ #]*\).*/\1/p" "$1/function.yaml"; }

printf '# Written by infra/kubernetes/knative.sh from functions/*/function.yaml; infra/check.sh compares.\n'
for folder in */; do
  name=${folder%/}
  timeout=$(value "$name" timeout_seconds)
  [ "$timeout" -le 600 ] || timeout=600
  calls=
  keys_read_only=true
  if grep -q '"functions: call"' "$name/function.yaml"; then
    # It stands in for an engine: it calls the others, and makes the installation's key where there is none. A PingSource shows no token.
    calls='
            - {name: LIFEBOAT_FUNCTIONS_URL, value: "http://lifeboat-{name}.default.svc.cluster.local/{name}"}
            - {name: LIFEBOAT_FUNCTIONS_LIMIT, value: 9m}
            - {name: LIFEBOAT_FUNCTIONS_SWEEP_WITHOUT_TOKEN, value: "true"}'
    keys_read_only=false
  fi
  cat <<Y
---
apiVersion: serving.knative.dev/v1
kind: Service
metadata:
  name: lifeboat-$name
  labels:
    networking.knative.dev/visibility: cluster-local
    app.kubernetes.io/name: lifeboat-function
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/name: lifeboat-function}
    spec:
      # A step of one run after the other; a process does not begin the same one twice.
      containerConcurrency: 4
      timeoutSeconds: $timeout
      automountServiceAccountToken: $(grep -q '"service: ' "$name/function.yaml" && echo true || echo false)
      serviceAccountName: lifeboat
      securityContext: {runAsNonRoot: true, runAsUser: 101, runAsGroup: 101, fsGroup: 101, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: function
          image: localhost/lifeboat
          args: [function, $name, --host, 0.0.0.0, --port, "8080"]
          ports: [{containerPort: 8080}]
          env:
            - {name: LIFEBOAT_KEYS_DIR, value: /keys}
            - {name: LIFEBOAT_SIDECAR_URL, value: "http://lifeboat-sidecar:8621"}
            - {name: QUARKUS_DATASOURCE_JDBC_MAX_SIZE, value: "$([ -n "$calls" ] && echo 8 || echo 3)"}$calls
          envFrom:
            - secretRef: {name: lifeboat, optional: false}
          resources:
            requests: {cpu: 100m, memory: $(value "$name" memory_mib)Mi}
            limits: {memory: $(value "$name" memory_mib)Mi}
          securityContext: {readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}
          readinessProbe:
            httpGet: {path: /q/health/ready}
          volumeMounts:
            - {name: tmp, mountPath: /tmp}
            - {name: config, mountPath: /etc/lifeboat/config, readOnly: true}
            - {name: odoo-conf, mountPath: /etc/odoo, readOnly: true}
            - {name: filestore, mountPath: /var/lib/odoo, readOnly: true}
            - {name: data, mountPath: /var/lib/lifeboat}
            - {name: keys, mountPath: /keys, readOnly: $keys_read_only}
      volumes:
        - {name: tmp, emptyDir: {}}
        - {name: config, configMap: {name: lifeboat, optional: false}}
        - {name: odoo-conf, secret: {secretName: lifeboat-odoo, optional: false}}
        - {name: filestore, persistentVolumeClaim: {claimName: odoo-data, readOnly: true}}
        - {name: data, persistentVolumeClaim: {claimName: lifeboat-data}}
        - {name: keys, persistentVolumeClaim: {claimName: lifeboat-keys, readOnly: $keys_read_only}}
Y
  minutes=$(value "$name" every_minutes)
  if [ -n "$minutes" ]; then
    cat <<Y
---
apiVersion: sources.knative.dev/v1
kind: PingSource
metadata:
  name: lifeboat-$name
spec:
  schedule: "*/$minutes * * * *"
  contentType: application/json
  data: '{"sweep": true}'
  sink:
    ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: lifeboat-$name}
Y
  fi
done
