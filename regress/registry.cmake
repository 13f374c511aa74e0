# Writes the registry: cmake -DROOMS=a/b,c/d -DSOURCE=regress -DOUT=registry.c -P registry.cmake
# A README becomes an array of bytes, for a string literal has a maximum length.
string(REPLACE "," ";" ids "${ROOMS}")
list(SORT ids)
set(readmes "")
set(table "")
foreach(id ${ids})
  string(MAKE_C_IDENTIFIER "${id}" name)
  file(READ ${SOURCE}/${id}/README.md hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(APPEND readmes "extern const struct check check_${name};\nstatic const char readme_${name}[] = {${bytes}0};\n")
  string(APPEND table "    {\"${id}\", readme_${name}, &check_${name}},\n")
endforeach()
file(WRITE ${OUT} "/* Generated from the folders of regress/. */\n#include \"model/room.h\"\n\n${readmes}\n"
     "const struct room rooms[] = {\n${table}    {0},\n};\n"
     "const size_t room_count = sizeof rooms / sizeof *rooms - 1;\n")
