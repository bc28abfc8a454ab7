{{/* What the pods of all components have in common; they satisfy the restricted Pod Security Standard. */}}

{{- define "orderflex.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .Values.user }}
runAsGroup: {{ .Values.user }}
fsGroup: {{ .Values.user }}
fsGroupChangePolicy: OnRootMismatch
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "orderflex.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* The start of a pod's spec. */}}
{{- define "orderflex.podStart" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  {{- include "orderflex.podSecurity" . | nindent 2 }}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "orderflex.imageFields" -}}
image: {{ include "orderflex.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  {{- include "orderflex.containerSecurity" . | nindent 2 }}
{{- end -}}

{{/* Certificates and the folder for temporary files: (list $ "PREFIX_"), as the secrets take it. */}}
{{- define "orderflex.mounts" -}}
{{- $ := index . 0 -}}
- name: tmp
  mountPath: /tmp
{{- with include "orderflex.secretMount" . }}
{{ . }}
{{- end }}
{{- range $.Values.certificates }}
- name: certificates-{{ .name }}
  mountPath: /etc/orderflex/{{ .name }}
  readOnly: true
{{- end }}
{{- end -}}

{{- define "orderflex.volumes" -}}
{{- $ := index . 0 -}}
- name: tmp
  emptyDir:
    sizeLimit: 64Mi
{{- with include "orderflex.secretVolume" . }}
{{ . }}
{{- end }}
{{- range $.Values.certificates }}
- name: certificates-{{ .name }}
  {{- if .secret }}
  secret:
    secretName: {{ .secret }}
    defaultMode: 0440
  {{- else }}
  configMap:
    name: {{ .configMap }}
  {{- end }}
{{- end }}
{{- end -}}

{{/* The service's pods, the same in a Deployment and in a StatefulSet. */}}
{{- define "orderflex.servicePod" -}}
metadata:
  annotations:
    checksum/config: {{ include "orderflex.config" . | sha256sum }}
    {{- with .Values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  labels:
    {{- include "orderflex.selector" (list . "service") | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "orderflex.serviceAccount" . }}
  {{- include "orderflex.podStart" . | nindent 2 }}
  # ORDERFLEX_DRAIN and drainMarginSeconds together.
  terminationGracePeriodSeconds: {{ include "orderflex.gracePeriod" . }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if .Values.topologySpread.enabled }}
  topologySpreadConstraints:
    {{- range .Values.topologySpread.keys }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: {{ $.Values.topologySpread.whenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "orderflex.selector" (list $ "service") | nindent 10 }}
      {{- if not $.Values.staticMembership }}
      matchLabelKeys: [pod-template-hash]
      {{- end }}
    {{- end }}
  {{- end }}
  containers:
    - name: orderflex
      {{- include "orderflex.imageFields" . | nindent 6 }}
      args: [serve]
      envFrom:
        - configMapRef:
            name: {{ include "orderflex.fullname" . }}
      {{- $env := include "orderflex.serviceEnv" . | trim }}
      {{- with $env }}
      env:
        {{- . | nindent 8 }}
      {{- end }}
      ports:
        - name: http
          containerPort: 8080
        {{- if .Values.api.enabled }}
        - name: api
          containerPort: 8081
        {{- end }}
        {{- if .Values.page.enabled }}
        - name: page
          containerPort: 8082
        {{- end }}
      # It may take a while to read the code from a cold disk; nothing else is waited for.
      startupProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 2
        timeoutSeconds: 3
        failureThreshold: 60
      # The poll loop comes round. Not PRO, Kafka or the ledger: a restart mends none of them.
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 3
      # Events are taken up.
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        periodSeconds: 5
        timeoutSeconds: 3
        failureThreshold: 2
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        {{- include "orderflex.mounts" (list . "ORDERFLEX_") | nindent 8 }}
        {{- with include "orderflex.papersFolder" . }}
        - name: papers
          mountPath: {{ . }}
        {{- end }}
        {{- with .Values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    {{- include "orderflex.volumes" (list . "ORDERFLEX_") | nindent 4 }}
    {{- if include "orderflex.papersFolder" . }}
    - name: papers
      persistentVolumeClaim:
        claimName: {{ .Values.papers.existingClaim | default (printf "%s-papers" (include "orderflex.fullname" .)) }}
    {{- end }}
    {{- with .Values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{- define "orderflex.serviceEnv" -}}
{{- if .Values.staticMembership }}
- name: ORDERFLEX_KAFKA_INSTANCE
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- end }}
{{ include "orderflex.secretEnv" (list . "ORDERFLEX_") | trim }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}
