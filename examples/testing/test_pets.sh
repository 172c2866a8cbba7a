#!/bin/sh
# It needs curl, and gatewayd for tokens.
set -eu
api=${API_URL:-http://127.0.0.1:3000/dev}
control=${GATEWAYD_URL:-http://127.0.0.1:3001}/_gatewayd

post() { curl -fsS -o /dev/null -X POST -d "$2" "$control$1"; } # PATH JSON

want() { # STATUS CODE PATH [HEADER]: fails with the account of the request, which says what to change
  head=$(curl -sS -o /dev/null -D - ${4:+-H "$4"} "$api$3" | tr -d '\r')
  id=$(printf '%s\n' "$head" | sed -n 's/^x-amzn-RequestId: //p')
  account=$(curl -fsS "$control/traces/$id?format=text")
  case $account in
    *"  $1 $2"*) echo "ok: $3 is $1 $2" ;;
    *) printf 'want %s %s:\n%s\n' "$1" "$2" "$account" >&2 && exit 1 ;;
  esac
}

post /reset '{}' # no cached results, no traces, the real time
token="Authorization: Bearer $(gatewayd token --sub user-1 --expires 1h)"
want 401 identity.missing /pets
want 401 authorizer.unauthorized /pets "Authorization: Bearer $(gatewayd token --case expired)"
want 200 integration.ok /pets "$token"
want 403 policy.implicit_deny /pets/1 "$token"
post /clock '{"advance": "301s"}' # past authorizerResultTtlInSeconds
want 200 integration.ok /pets/1 "$token"
