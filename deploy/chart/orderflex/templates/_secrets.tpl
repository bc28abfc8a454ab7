{{/* Secrets: each is named, so that one that is missing stops the pod with its name. */}}

{{/* The Secret that all of them come from, unless one says otherwise. */}}
{{- define "orderflex.secret" -}}
{{- .Values.secret.name | default (include "orderflex.fullname" .) -}}
{{- end -}}

{{/* Which secret settings a container gets, and from where: YAML of a list. (list $ "PREFIX_"). */}}
{{- define "orderflex.secrets" -}}
{{- $ := index . 0 -}}
{{- $prefix := index . 1 -}}
{{- $named := deepCopy $.Values.secret.settings -}}
{{- if and $.Values.api.enabled (not (hasKey $named "ORDERFLEX_API_TOKENS")) -}}
{{- $_ := set $named "ORDERFLEX_API_TOKENS" dict -}}
{{- end -}}
{{- if and $.Values.page.enabled (not (hasKey $.Values.settings "ORDERFLEX_PAGE_USER_HEADER")) (not (hasKey $named "ORDERFLEX_PAGE_TOKENS")) -}}
{{- $_ := set $named "ORDERFLEX_PAGE_TOKENS" dict -}}
{{- end -}}
{{- $found := list -}}
{{- range $setting, $from := $named -}}
{{- if and (not (kindIs "invalid" $from)) (hasPrefix $prefix $setting) -}}
{{- $found = append $found (dict "setting" $setting "secret" ($from.secret | default (include "orderflex.secret" $)) "key" ($from.key | default $setting)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $found -}}
{{- end -}}

{{- define "orderflex.secretEnv" -}}
{{- if eq (index . 0).Values.secret.as "environment" -}}
{{- range include "orderflex.secrets" . | fromYamlArray }}
- name: {{ .setting }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret }}
      key: {{ .key }}
{{- end }}
{{- else if include "orderflex.secrets" . | fromYamlArray }}
- name: ORDERFLEX_SECRETS_DIR
  value: /run/secrets/orderflex
{{- end }}
{{- end -}}

{{- define "orderflex.secretVolume" -}}
{{- if and (eq (index . 0).Values.secret.as "files") (include "orderflex.secrets" . | fromYamlArray) -}}
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- range include "orderflex.secrets" . | fromYamlArray }}
      - secret:
          name: {{ .secret }}
          items:
            - key: {{ .key }}
              path: {{ .setting }}
      {{- end }}
{{- end }}
{{- end -}}

{{- define "orderflex.secretMount" -}}
{{- if and (eq (index . 0).Values.secret.as "files") (include "orderflex.secrets" . | fromYamlArray) -}}
- name: secrets
  mountPath: /run/secrets/orderflex
  readOnly: true
{{- end }}
{{- end -}}
