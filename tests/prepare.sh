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

# Installs `packages` if apt-get is there and allowed.
install_packages() {
    command -v apt-get >/dev/null || return
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null || return
    echo "installing: ${packages[*]}" >&2
    apt_get update && apt_get install -y --no-install-recommends "${packages[@]}"
}

# Installs what a build needs. Names what is still missing then, and ends the script.
prepare() {
    list_missing
    [ ${#missing[@]} -gt 0 ] || return 0
    if install_packages; then
        list_missing
    fi
    if [ ${#missing[@]} -gt 0 ]; then
        echo "missing:" >&2
        printf '  %s\n' "${missing[@]}" >&2
        exit 1
    fi
}

# ---- What the examples can do without ----

# Debian keeps it in a folder of its own.
has_serial_openblas() {
    compgen -G '/usr/lib/*/openblas-serial/libopenblas.a'
}

list_optional() {
    missing=()
    packages=()
    need "libjpeg-turbo with its headers (libjpeg.pc)" libjpeg-dev pkg-config --exists libjpeg
    need "libpng with its headers (libpng.pc)" libpng-dev pkg-config --exists libpng
    need "the serial build of OpenBLAS" libopenblas-serial-dev has_serial_openblas
    need "GLib with its headers (glib-2.0.pc)" libglib2.0-dev pkg-config --exists glib-2.0
    need "gdb" gdb command -v gdb
}

# Installs it. Names what is still missing then, and goes on.
prepare_optional() {
    list_optional
    [ ${#missing[@]} -gt 0 ] || return 0
    if install_packages; then
        list_optional
    fi
    if [ ${#missing[@]} -gt 0 ]; then
        echo "missing, so some examples do less or are left out:" >&2
        printf '  %s\n' "${missing[@]}" >&2
    fi
}

# ---- Building ----

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
