{{/* The pod of a SaP. Given: root, the chart's context; name; object, the name of its objects; gateway, its values. */}}

{{- define "sallyport.gatewayPod" -}}
{{- $root := .root -}}
serviceAccountName: {{ .object }}
automountServiceAccountToken: false
# Established flows get the drain time, and Envoy some more to end.
terminationGracePeriodSeconds: {{ add .gateway.drainSeconds 10 }}
{{- with .gateway.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
securityContext: {{- include "sallyport.podSecurity" $root | nindent 2 }}
containers:
  - name: gateway
    image: {{ include "sallyport.image" (dict "image" $root.Values.gatewayImage "version" $root.Chart.AppVersion) | quote }}
    imagePullPolicy: {{ $root.Values.gatewayImage.pullPolicy }}
    command: [sallyport, gateway]
    env:
      - {name: SALLYPORT_DRAIN, value: {{ .gateway.drainSeconds | quote }}}
      - {name: SALLYPORT_CONCURRENCY, value: {{ .gateway.concurrency | quote }}}
    ports:
      - {name: tunnel, containerPort: 15042}
      - {name: health, containerPort: 15046}
    startupProbe:
      httpGet: {path: /healthz, port: health}
      periodSeconds: 1
      failureThreshold: 120
    # Envoy serves, has an image, and its certificate is valid; from SIGTERM on it is not ready.
    readinessProbe:
      httpGet: {path: /readyz, port: health}
      periodSeconds: 2
      timeoutSeconds: 5
      failureThreshold: 1
    livenessProbe:
      httpGet: {path: /healthz, port: health}
      periodSeconds: 10
      timeoutSeconds: 5
      failureThreshold: 3
    resources: {{- toYaml .gateway.resources | nindent 6 }}
    securityContext: {{- include "sallyport.containerSecurity" $root | nindent 6 }}
    volumeMounts:
      - {name: certificates, mountPath: /var/run/sallyport/certs, readOnly: true}
      - {name: bootstrap, mountPath: /etc/sallyport, readOnly: true}
      - {name: admin, mountPath: /var/run/sallyport/admin}
      - {name: scratch, mountPath: /tmp}
  {{- include "sallyport.istioAgent" $root | nindent 2 }}
volumes:
  {{- include "sallyport.istioAgentVolumes" $root | nindent 2 }}
  # The controller writes it when it has seen the OverlayGateway; the pod waits for it.
  - name: bootstrap
    configMap: {name: {{ .object }}}
  # For the socket of Envoy's admin interface.
  - name: admin
    emptyDir: {medium: Memory, sizeLimit: 1Mi}
  - name: scratch
    emptyDir: {sizeLimit: 64Mi}
{{- end }}
