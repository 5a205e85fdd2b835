#!/usr/bin/env bash
# Writes the Knative Services of overlays/knative from functions/*/function.yaml, which alone say what a function needs. A call
# takes ten minutes at most, as Knative allows by default: what takes longer goes on in the sidecar.
#   usage: knative.sh >overlays/knative/functions.yaml
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../functions"

value() { sed -n "s/^$2: *\([^ #]*\).*/\1/p" "$1/function.yaml"; }

printf '# Written by infra/kubernetes/knative.sh from functions/*/function.yaml; infra/check.sh compares.\n'
for folder in */; do
  name=${folder%/}
  timeout=$(value "$name" timeout_seconds)
  [ "$timeout" -le 600 ] || timeout=600
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
            - {name: QUARKUS_DATASOURCE_JDBC_MAX_SIZE, value: "3"}
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
            - {name: keys, mountPath: /keys, readOnly: true}
      volumes:
        - {name: tmp, emptyDir: {}}
        - {name: config, configMap: {name: lifeboat, optional: false}}
        - {name: odoo-conf, secret: {secretName: lifeboat-odoo, optional: false}}
        - {name: filestore, persistentVolumeClaim: {claimName: odoo-data, readOnly: true}}
        - {name: data, persistentVolumeClaim: {claimName: lifeboat-data}}
        - {name: keys, persistentVolumeClaim: {claimName: lifeboat-keys, readOnly: true}}
Y
done
