#!/usr/bin/env bash
# What others read: the reports that the golden files hold are read by prove(1) without a complaint about their form, and
# keep to the schema of JUnit's XML.
#   report_formats_test.sh TESTS_DIR
set -u
cd "$1" || exit 1
failed=0

for report in golden/*.tap; do
  said=$(prove --exec cat "$report" 2>&1)
  case $said in *'Parse errors'* | *'Unknown TAP'* | *'not supported'*)
    printf '%s: %s\n' "$report" "$said"
    failed=1
    ;;
  esac
done
for report in golden/*.junit; do
  xmllint --noout --schema junit.xsd "$report" || failed=1
done
exit $failed
