#!/bin/sh
# Comes before PostgreSQL's own entry point in docker-compose.yml: a first start with an empty password, or with the
# example's, would leave a database that is made by half and never mended.
faults=0
for name in POSTGRES_PASSWORD LINLI_OWNER_PASSWORD LINLI_APP_PASSWORD LINLI_WORKER_PASSWORD; do
  eval "value=\${$name:-}"
  case "$value" in
    "" | change-me)
      echo "$name 是空的或仍为示例值,拒绝启动。 | $name is empty or still the example's; not started." >&2
      faults=1
      ;;
  esac
done
if [ "$faults" = 1 ]; then
  echo "→ cp .env.example .env, fill it in, docker compose up -d" >&2
  exit 2
fi
exec docker-entrypoint.sh "$@"
