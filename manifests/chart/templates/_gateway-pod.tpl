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
      - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
      - {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
      - {name: POD_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    ports:
      - {name: tunnel, containerPort: 15042}
    resources: {{- toYaml .gateway.resources | nindent 6 }}
    securityContext: {{- include "sallyport.containerSecurity" $root | nindent 6 }}
    volumeMounts:
      - {name: certificates, mountPath: /var/run/sallyport/certs, readOnly: true}
      - {name: bootstrap, mountPath: /etc/sallyport, readOnly: true}
      - {name: scratch, mountPath: /tmp}
  {{- include "sallyport.istioAgent" $root | nindent 2 }}
volumes:
  {{- include "sallyport.istioAgentVolumes" $root | nindent 2 }}
  # The controller writes it when it has seen the OverlayGateway; the pod waits for it.
  - name: bootstrap
    configMap: {name: {{ .object }}}
  - name: scratch
    emptyDir: {sizeLimit: 64Mi}
{{- end }}
