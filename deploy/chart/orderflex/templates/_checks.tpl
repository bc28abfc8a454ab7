{{/* What a schema can't see: values that don't fit each other, or the service. Said in plain words. */}}

{{- define "orderflex.checks" -}}
{{- include "orderflex.checkSettings" . -}}
{{- include "orderflex.checkSecrets" . -}}
{{- include "orderflex.checkReplicas" . -}}
{{- include "orderflex.checkPapers" . -}}
{{- include "orderflex.checkTheRest" . -}}
{{- end -}}

{{- define "orderflex.checkSettings" -}}
{{- $facts := include "orderflex.facts" . | fromYaml -}}
{{- $ours := dict
  "ORDERFLEX_HTTP_HOST" "the chart sets it"
  "ORDERFLEX_HTTP_PORT" "the chart sets it: 8080"
  "ORDERFLEX_API_HOST" "the chart sets it, with api.enabled"
  "ORDERFLEX_API_PORT" "the chart sets it: 8081"
  "ORDERFLEX_PAGE_HOST" "the chart sets it, with page.enabled"
  "ORDERFLEX_PAGE_PORT" "the chart sets it: 8082"
  "ORDERFLEX_SECRETS_DIR" "the chart sets it, with secret.as: files"
  "ORDERFLEX_KAFKA_INSTANCE" "replicas must not share a name; use staticMembership: true" -}}
{{- range $name, $value := .Values.settings -}}
{{- if kindIs "invalid" $value -}}
{{- else if has $name $facts.settings.secret -}}
{{- fail (printf "\n\nsettings.%s is a secret: it would lie open in a ConfigMap. Put it into the Secret %s, and name it in secret.settings.\n" $name (include "orderflex.secret" $)) -}}
{{- else if hasKey $ours $name -}}
{{- fail (printf "\n\nsettings.%s: %s.\n" $name (get $ours $name)) -}}
{{- else if not (hasKey $facts.settings.public $name) -}}
{{- fail (printf "\n\nsettings.%s: this version of the service has no such setting; docs/settings.md lists them all.\n" $name) -}}
{{- end -}}
{{- end -}}
{{- if not .Values.settings.ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS -}}
{{- fail "\n\nsettings.ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS: say where the brokers are, such as kafka-bootstrap.kafka.svc:9092\n" -}}
{{- end -}}
{{- range include "orderflex.setting" (list . "ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS") | splitList "," -}}
{{- if not (regexMatch "^\\S+:[0-9]+$" (trim .)) -}}
{{- fail (printf "\n\nsettings.ORDERFLEX_KAFKA_BOOTSTRAP_SERVERS: %q is not host:port\n" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "orderflex.checkSecrets" -}}
{{- $facts := include "orderflex.facts" . | fromYaml -}}
{{- range $name, $from := .Values.secret.settings -}}
{{- if and (not (kindIs "invalid" $from)) (not (has $name $facts.settings.secret)) -}}
{{- fail (printf "\n\nsecret.settings.%s: the service has no such secret. It has %s.\n" $name (join ", " $facts.settings.secret)) -}}
{{- end -}}
{{- end -}}
{{- range list "ORDERFLEX_PRO_KEY" "ORDERFLEX_LEDGER_URL" "ORDERFLEX_PAYLOAD_KEYS" -}}
{{- if not (kindIs "map" (get $.Values.secret.settings .)) -}}
{{- fail (printf "\n\nsecret.settings.%s: nothing runs without it.\n" .) -}}
{{- end -}}
{{- end -}}
{{- if .Values.secret.externalSecret.enabled -}}
{{- if eq .Values.ledgerUpgrade.mode "hook" -}}
{{- fail "\n\nledgerUpgrade.mode: with secret.externalSecret a hook would run before there is a Secret; set it to job.\n" -}}
{{- end -}}
{{- if not (and .Values.secret.externalSecret.store.name .Values.secret.externalSecret.remoteKey) -}}
{{- fail "\n\nsecret.externalSecret: needs store.name and remoteKey.\n" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "orderflex.checkReplicas" -}}
{{- $partitions := include "orderflex.partitions" . | int -}}
{{- if .Values.autoscaling.enabled -}}
{{- with .Values.autoscaling -}}
{{- if gt (int .maxReplicas) $partitions -}}
{{- fail (printf "\n\nautoscaling.maxReplicas is %d, and a topic has %d partitions (settings.ORDERFLEX_KAFKA_PARTITIONS): the replicas beyond would be idle.\n" (int .maxReplicas) $partitions) -}}
{{- end -}}
{{- if lt (int .maxReplicas) (int .minReplicas) -}}
{{- fail (printf "\n\nautoscaling.maxReplicas (%d) is less than autoscaling.minReplicas (%d).\n" (int .maxReplicas) (int .minReplicas)) -}}
{{- end -}}
{{- end -}}
{{- $asks := include "orderflex.setting" (list . "ORDERFLEX_KAFKA_SASL_MECHANISM") -}}
{{- if and (or (eq $asks "OAUTHBEARER") .Values.settings.ORDERFLEX_KAFKA_CERTIFICATE_FILE) (not .Values.autoscaling.triggerAuthentication) -}}
{{- fail "\n\nautoscaling.triggerAuthentication: with OAUTHBEARER or a client certificate KEDA needs a TriggerAuthentication of yours to log in to Kafka.\n" -}}
{{- end -}}
{{- if .Values.staticMembership -}}
{{- fail "\n\nautoscaling and staticMembership exclude each other: the partitions of a static member that is scaled away lie idle for ORDERFLEX_KAFKA_SESSION_TIMEOUT.\n" -}}
{{- end -}}
{{- else if gt (int .Values.replicas) $partitions -}}
{{- fail (printf "\n\nreplicas is %d, and a topic has %d partitions (settings.ORDERFLEX_KAFKA_PARTITIONS): the replicas beyond would be idle.\n" (int .Values.replicas) $partitions) -}}
{{- end -}}
{{- if .Values.staticMembership -}}
{{- $session := include "orderflex.setting" (list . "ORDERFLEX_KAFKA_SESSION_TIMEOUT") | float64 -}}
{{- $grace := include "orderflex.gracePeriod" . -}}
{{- if le $session (float64 $grace) -}}
{{- fail (printf "\n\nstaticMembership: settings.ORDERFLEX_KAFKA_SESSION_TIMEOUT is %v s, and stopping alone may take %s s: a restart would move partitions all the same. Set it to 90 or more.\n" $session $grace) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "orderflex.checkPapers" -}}
{{- $store := toString (get .Values.settings "ORDERFLEX_PAPERS_STORE" | default "") -}}
{{- if and $store (not (hasPrefix "s3://" $store)) -}}
{{- fail (printf "\n\nsettings.ORDERFLEX_PAPERS_STORE: %q is no bucket (s3://BUCKET/PREFIX). For a folder leave it out: papers.mountPath is the folder, a volume is mounted there.\n" $store) -}}
{{- end -}}
{{- $replicas := ternary .Values.autoscaling.maxReplicas .Values.replicas .Values.autoscaling.enabled | int -}}
{{- if and (include "orderflex.papersFolder" .) (ne .Values.papers.accessMode "ReadWriteMany") (gt $replicas 1) -}}
{{- fail (printf "\n\npapers.accessMode is %s, and there are up to %d replicas: they need a ReadWriteMany volume, or a bucket (settings.ORDERFLEX_PAPERS_STORE: s3://BUCKET/PREFIX).\n" .Values.papers.accessMode $replicas) -}}
{{- end -}}
{{- end -}}

{{- define "orderflex.checkTheRest" -}}
{{- with .Values.kafkaTopics -}}
{{- if .enabled -}}
{{- if not .cluster -}}
{{- fail "\n\nkafkaTopics.cluster: name the Strimzi cluster.\n" -}}
{{- end -}}
{{- if gt (int .minInSyncReplicas) (int .replicas) -}}
{{- fail (printf "\n\nkafkaTopics.minInSyncReplicas (%d) is more than kafkaTopics.replicas (%d): nothing could be published.\n" (int .minInSyncReplicas) (int .replicas)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and .Values.kafkaUser.enabled (not .Values.kafkaTopics.cluster) -}}
{{- fail "\n\nkafkaTopics.cluster: name the Strimzi cluster that kafkaUser belongs to.\n" -}}
{{- end -}}
{{- if and .Values.kafkaUser.enabled (not .Values.kafkaTopics.enabled) (ne (include "orderflex.setting" (list . "ORDERFLEX_KAFKA_CREATE_TOPICS")) "false") -}}
{{- fail "\n\nkafkaUser may not create topics. Enable kafkaTopics, or set settings.ORDERFLEX_KAFKA_CREATE_TOPICS: false if somebody else makes them.\n" -}}
{{- end -}}
{{- range $part := list "api" "page" -}}
{{- with get $.Values $part -}}
{{- if .ingress.enabled -}}
{{- if not .enabled -}}
{{- fail (printf "\n\n%s.ingress needs %s.enabled.\n" $part $part) -}}
{{- end -}}
{{- if not (and .ingress.host .ingress.tlsSecret) -}}
{{- fail (printf "\n\n%s.ingress needs host and tlsSecret: tokens and personal data travel there.\n" $part) -}}
{{- end -}}
{{- if and $.Values.networkPolicy.enabled (not (get $.Values.networkPolicy (printf "%sFrom" $part))) -}}
{{- fail (printf "\n\nnetworkPolicy.%sFrom is empty, so the ingress would reach nobody: name the pods of the ingress controller there.\n" $part) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq .Values.ledgerUpgrade.command "restored") (ne .Values.ledgerUpgrade.mode "job") -}}
{{- fail "\n\nledgerUpgrade.command: restored goes with ledgerUpgrade.mode: job; as a hook it would be said at every upgrade.\n" -}}
{{- end -}}
{{- if and .Values.page.enabled .Values.settings.ORDERFLEX_PAGE_USER_HEADER (not .Values.settings.ORDERFLEX_PAGE_PROXIES) (not (hasKey .Values.secret.settings "ORDERFLEX_PAGE_PROXY_SECRET")) -}}
{{- fail "\n\nsettings.ORDERFLEX_PAGE_USER_HEADER: anybody could send that header. Add ORDERFLEX_PAGE_PROXY_SECRET to secret.settings, or set settings.ORDERFLEX_PAGE_PROXIES.\n" -}}
{{- end -}}
{{- $seen := dict -}}
{{- range $number, $manifest := .Values.manifests -}}
{{- $identity := toJson (pick $manifest "location" "schedule" "carriers") -}}
{{- if hasKey $seen $identity -}}
{{- fail (printf "\n\nmanifests[%d]: %s is asked for twice at the same time.\n" $number $manifest.location) -}}
{{- end -}}
{{- $_ := set $seen $identity true -}}
{{- end -}}
{{- end -}}
