# The checkers that are not part of Rust: each in one version, built once into the
# target folder. Debug builds: they are compiled in half the time and wait for the
# disk. Not among them: cargo-semver-checks, which takes minutes to build and has
# nothing to compare with before the first release; docs/CONTRIBUTING.md has it
# among the steps of a release, as cargo-cyclonedx (examples/server/deploy/sbom.sh).

# tool NAME VERSION: puts it in PATH.
tool() {
    local name=$1 version=$2
    local root
    mkdir -p "$target"
    root=$(cd "$target" && pwd)/tools/$name-$version
    if [ ! -x "$root/bin/$name" ]; then
        say "Building $name $version"
        # Of the tool's own, so that neither disturbs the other's files.
        CARGO_TARGET_DIR=$root/target cargo install --quiet --locked --debug \
            --root "$root" "$name@$version"
        rm -rf "$root/target"
    fi
    PATH=$root/bin:$PATH
}
