# Sourced by tests/run and examples/run: finds or installs what a build needs, and builds.
# shellcheck shell=bash

top=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
tools=(make cmake pkg-config) # commands, whose packages have the same names
missing=()                    # what a person calls it
packages=()                   # what Debian calls it

# need NAME "PACKAGE..." COMMAND...: NAME is there when COMMAND succeeds.
need() {
    local name=$1 bring
    read -ra bring <<<"$2"
    shift 2
    if ! "$@" >/dev/null 2>&1; then
        missing+=("$name")
        packages+=("${bring[@]}")
    fi
}

compiles_c() {
    echo '#include <stdlib.h>' | cc -E -x c -
}

# Fills the two lists.
list_missing() {
    local tool
    missing=()
    packages=()
    need "a C compiler (cc) with the C library's headers" "gcc libc6-dev" compiles_c
    for tool in "${tools[@]}"; do
        need "$tool" "$tool" command -v "$tool"
    done
    need "libuv >= 1.44 with its headers (libuv.pc)" libuv1-dev pkg-config --exists 'libuv >= 1.44'
    need "cmocka >= 1.1.5 with its headers (cmocka.pc)" libcmocka-dev pkg-config --exists 'cmocka >= 1.1.5'
}

apt_get() {
    local as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get -qq -o DPkg::Lock::Timeout=120 "$@" >&2
}

# Installs what is missing where apt-get is there and allowed; names what is
# still missing otherwise, and ends the script.
prepare() {
    list_missing
    [ ${#missing[@]} -gt 0 ] || return 0

    if command -v apt-get >/dev/null && { [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null; }; then
        echo "installing: ${packages[*]}" >&2
        if apt_get update && apt_get install -y --no-install-recommends "${packages[@]}"; then
            list_missing
        fi
    fi
    if [ ${#missing[@]} -gt 0 ]; then
        echo "missing:" >&2
        printf '  %s\n' "${missing[@]}" >&2
        exit 1
    fi
}

# configure FOLDER [OPTION...]: warnings are errors when PROCPOOL_WERROR=1 or CI=true says so.
configure() {
    local folder=$1 werror=OFF
    shift
    if [ "${PROCPOOL_WERROR:-0}" = 1 ] || [ "${CI:-false}" = true ]; then
        werror=ON
    fi
    cmake -S "$top" -B "$folder" --log-level=NOTICE \
        -DCMAKE_BUILD_TYPE=RelWithDebInfo -DPROCPOOL_WERROR=$werror "$@"
}

# build FOLDER [TARGET]
build() {
    cmake --build "$1" --parallel "$(getconf _NPROCESSORS_ONLN)" --target "${2:-all}"
}
