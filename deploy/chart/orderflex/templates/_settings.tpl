{{/* Settings: what the user set, what the service takes when nothing is set, and what the chart sets. */}}

{{/* What files/service.yaml says of the service. */}}
{{- define "orderflex.facts" -}}
{{- .Files.Get "files/service.yaml" -}}
{{- end -}}

{{/* A value as the environment has it: a map is JSON, a list is comma-separated, 1e+06 is 1000000. */}}
{{- define "orderflex.text" -}}
{{- if kindIs "map" . -}}
{{- toJson . -}}
{{- else if kindIs "slice" . -}}
{{- join "," . -}}
{{- else if and (kindIs "float64" .) (eq (floor .) .) -}}
{{- int64 . -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{/* The setting in force, as text: (list $ "ORDERFLEX_DRAIN"). */}}
{{- define "orderflex.setting" -}}
{{- $ := index . 0 -}}
{{- $name := index . 1 -}}
{{- $facts := include "orderflex.facts" $ | fromYaml -}}
{{- $given := get (merge (dict) $.Values.settings $facts.settings.public) $name -}}
{{- if not (kindIs "invalid" $given) -}}
{{- include "orderflex.text" $given -}}
{{- end -}}
{{- end -}}

{{- define "orderflex.partitions" -}}
{{- include "orderflex.setting" (list . "ORDERFLEX_KAFKA_PARTITIONS") -}}
{{- end -}}

{{/* Where papers lie in the pod; empty when they go to a bucket. */}}
{{- define "orderflex.papersFolder" -}}
{{- $store := toString (get .Values.settings "ORDERFLEX_PAPERS_STORE" | default "") -}}
{{- if not (hasPrefix "s3://" $store) -}}
{{- .Values.papers.mountPath -}}
{{- end -}}
{{- end -}}

{{/* Seconds from SIGTERM to SIGKILL: what is in flight is finished, committed and announced. */}}
{{- define "orderflex.gracePeriod" -}}
{{- $drain := include "orderflex.setting" (list . "ORDERFLEX_DRAIN") -}}
{{- add (ceil (float64 $drain)) (int .Values.drainMarginSeconds) -}}
{{- end -}}

{{/* The variables of a command's container, by the openings of their names: (list $ "ORDERFLEX_KAFKA_"). */}}
{{- define "orderflex.someEnv" -}}
{{- $openings := rest . -}}
{{- range $name, $value := (index . 0).Values.settings }}
{{- range $openings }}
{{- if and (hasPrefix . $name) (not (kindIs "invalid" $value)) }}
- name: {{ $name }}
  value: {{ include "orderflex.text" $value | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Everything that is no secret, as the ConfigMap has it. */}}
{{- define "orderflex.config" -}}
{{- range $name, $value := .Values.settings }}
{{- if not (kindIs "invalid" $value) }}
{{ $name }}: {{ include "orderflex.text" $value | quote }}
{{- end }}
{{- end }}
ORDERFLEX_HTTP_HOST: "0.0.0.0"
ORDERFLEX_HTTP_PORT: "8080"
{{- if not (hasKey .Values.settings "ORDERFLEX_LOG_FORMAT") }}
ORDERFLEX_LOG_FORMAT: json
{{- end }}
{{- with include "orderflex.papersFolder" . }}
ORDERFLEX_PAPERS_STORE: {{ . | quote }}
{{- end }}
{{- if and .Values.kafkaTopics.enabled (not (hasKey .Values.settings "ORDERFLEX_KAFKA_CREATE_TOPICS")) }}
ORDERFLEX_KAFKA_CREATE_TOPICS: "false"
{{- end }}
{{- if and (not .Values.kafkaTopics.enabled) (not (hasKey .Values.settings "ORDERFLEX_KAFKA_REPLICATION")) }}
ORDERFLEX_KAFKA_REPLICATION: "3"
{{- end }}
{{- if .Values.api.enabled }}
ORDERFLEX_API_HOST: "0.0.0.0"
ORDERFLEX_API_PORT: "8081"
{{- end }}
{{- if .Values.page.enabled }}
ORDERFLEX_PAGE_HOST: "0.0.0.0"
ORDERFLEX_PAGE_PORT: "8082"
{{- if and .Values.page.ingress.enabled (not (hasKey .Values.settings "ORDERFLEX_PAGE_HTTPS")) }}
ORDERFLEX_PAGE_HTTPS: "true"
{{- end }}
{{- end }}
{{- end -}}
