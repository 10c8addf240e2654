# Debian packages for contrib/try and contrib/test; sourced by both.
#
# Installing starts no server: policy-rc.d forbids it meanwhile, and is removed again if it was made here.
# Nothing is ever removed from the machine: apt-get stops when it would have to.

POLICY=/usr/sbin/policy-rc.d
policy_is_ours=

# packages_of KIND...: the names, from the list beside this file
packages_of() {
    local kind
    for kind in "$@"; do
        awk -v kind="$kind" '$1 == kind { print $2 }' "$(dirname "${BASH_SOURCE[0]}")/packages"
    done
}

# missing_packages KIND...: those that are not installed
missing_packages() {
    local name
    for name in $(packages_of "$@"); do
        dpkg-query -W -f='${db:Status-Status}\n' "$name" 2>/dev/null | grep -qx installed || echo "$name"
    done
}

forbid_starts() {
    if [ ! -e "$POLICY" ]; then
        printf '#!/bin/sh\nexit 101\n' > "$POLICY"
        chmod 755 "$POLICY"
        policy_is_ours=yes
    fi
}

allow_starts() {
    if [ -n "$policy_is_ours" ]; then
        rm -f "$POLICY"
        policy_is_ours=
    fi
}

# install_packages LOG KIND...: 0 when everything is there afterwards; the words of apt-get go to LOG
install_packages() {
    local log=$1 names code
    shift
    mapfile -t names < <(missing_packages "$@")
    [ ${#names[@]} = 0 ] && return 0
    if ! command -v apt-get > /dev/null; then
        echo "these packages are missing, and there is no apt-get to install them: ${names[*]}" >&2
        return 1
    fi
    # Postfix asks what it shall be; with "No configuration" the machine does not become a mail server.
    case " ${names[*]} " in
    *" postfix "*)
        echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections >> "$log" 2>&1 ;;
    esac
    forbid_starts
    export DEBIAN_FRONTEND=noninteractive
    { apt-get -q -o Acquire::Retries=4 update &&
      apt-get -q -o Acquire::Retries=4 install -y --no-install-recommends --no-remove "${names[@]}"; } >> "$log" 2>&1 < /dev/null
    code=$?
    allow_starts
    return $code
}

# copy_tree SOURCE TARGET: the sources without what git and builds keep there
copy_tree() {
    mkdir -p "$2" &&
    tar -C "$1" --exclude=./.git --exclude='./build*' --exclude='./autom4te.cache' --exclude='__pycache__' -cf - . |
        tar -C "$2" -xf -
}
