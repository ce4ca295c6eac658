{{/* Names, labels and images that several objects share. */}}

{{- define "sallyport.labels" -}}
app.kubernetes.io/name: sallyport
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/part-of: sallyport
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/* Of the controller's pods; a Deployment's selector can't be changed, so nothing of a version is in it. */}}
{{- define "sallyport.controllerSelector" -}}
app.kubernetes.io/name: sallyport
app.kubernetes.io/component: controller
{{- end }}

{{/* An image with its digest if there is one, else with its tag, else with the chart's version. */}}
{{- define "sallyport.image" -}}
{{- $image := .image -}}
{{- if $image.digest -}}
{{ $image.repository }}@{{ $image.digest }}
{{- else -}}
{{ $image.repository }}:{{ $image.tag | default .version }}
{{- end -}}
{{- end }}

{{- define "sallyport.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities: {drop: [ALL]}
privileged: false
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- end }}

{{/*
Both containers of a pod run as one user: istio-agent writes the private key readable for itself alone. It is the user
that Istio's own proxies run as.
*/}}
{{- define "sallyport.podSecurity" -}}
runAsNonRoot: true
runAsUser: 1337
runAsGroup: 1337
fsGroup: 1337
seccompProfile: {type: RuntimeDefault}
{{- end }}
