{{/*
An istio-agent without Envoy beside our own container. It gets a certificate of the mesh, renews it, and writes it as
cert-chain.pem, key.pem and root-cert.pem into the volume `certificates`, which our container reads.
*/}}

{{- define "sallyport.istioAgent" -}}
- name: istio-agent
  image: {{ .Values.istioAgent.image | quote }}
  imagePullPolicy: IfNotPresent
  args:
    - proxy
    - router
    - --domain
    - $(POD_NAMESPACE).svc.{{ .Values.mesh.clusterDomain }}
    - --log_output_level=default:warn
  env:
    - {name: DISABLE_ENVOY, value: "true"}
    - {name: OUTPUT_CERTS, value: /var/run/sallyport/certs}
    - name: CA_ADDR
      value: {{ include "sallyport.istiod" . }}
    - name: PROXY_CONFIG
      value: {{ dict "discoveryAddress" (include "sallyport.istiod" .) "statusPort" 15020 | toJson | quote }}
    - {name: PILOT_CERT_PROVIDER, value: istiod}
    - name: ISTIO_META_CLUSTER_ID
      value: {{ .Values.mesh.cluster | quote }}
    - name: TRUST_DOMAIN
      value: {{ .Values.mesh.trustDomain | quote }}
    - {name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    - {name: POD_NAMESPACE, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}
    - {name: INSTANCE_IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
    - {name: SERVICE_ACCOUNT, valueFrom: {fieldRef: {fieldPath: spec.serviceAccountName}}}
  resources: {{- toYaml .Values.istioAgent.resources | nindent 4 }}
  securityContext: {{- include "sallyport.containerSecurity" . | nindent 4 }}
  volumeMounts:
    - {name: certificates, mountPath: /var/run/sallyport/certs}
    - {name: istio-token, mountPath: /var/run/secrets/tokens, readOnly: true}
    - {name: istio-ca, mountPath: /var/run/secrets/istio, readOnly: true}
    # What it writes besides.
    - {name: istio-agent, mountPath: /etc/istio/proxy, subPath: proxy}
    - {name: istio-agent, mountPath: /var/lib/istio/data, subPath: data}
    - {name: istio-agent, mountPath: /var/run/secrets/workload-spiffe-uds, subPath: workload}
    - {name: istio-agent, mountPath: /var/run/secrets/credential-uds, subPath: credential}
{{- end }}

{{/* The private key is in memory only. */}}
{{- define "sallyport.istioAgentVolumes" -}}
- name: certificates
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
- name: istio-token
  projected:
    sources:
      - serviceAccountToken: {path: istio-token, audience: istio-ca, expirationSeconds: 43200}
- name: istio-ca
  configMap: {name: istio-ca-root-cert}
- name: istio-agent
  emptyDir: {sizeLimit: 64Mi}
{{- end }}

{{- define "sallyport.istiod" -}}
istiod{{ with .Values.mesh.revision }}-{{ . }}{{ end }}.{{ .Values.mesh.istioNamespace }}.svc:15012
{{- end }}
