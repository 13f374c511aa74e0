# Mutants: for every regress/<surface>/<slug>/<bug>.patch, the reference with that bug back in it.
# The patch is applied to a copy of ref/ while the project is built, so a patch that no longer fits stops the build.
# Only the files that it touches are compiled anew and linked before the library; a patched header rebuilds all.
# They are built without -Werror: a bug may well raise a warning.
file(GLOB_RECURSE PATCHES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*/*/*.patch)
list(SORT PATCHES)
file(GLOB_RECURSE REF_FILES ${PROJECT_SOURCE_DIR}/ref/*.c ${PROJECT_SOURCE_DIR}/ref/*.h)
list(FILTER REF_FILES EXCLUDE REGEX "/tests/")
add_custom_target(mutants)

function(header_of patch field out)
  file(STRINGS ${patch} lines REGEX "^${field}: ")
  if(NOT lines)
    message(FATAL_ERROR "${patch} does not say \"${field}: …\" in its first lines")
  endif()
  list(GET lines 0 line)
  string(REGEX REPLACE "^${field}: *" "" line "${line}")
  string(REPLACE "\\" "\\\\" line "${line}")
  string(REPLACE "\"" "\\\"" line "${line}")
  set(${out} "${line}" PARENT_SCOPE)
endfunction()

set(ENTRIES "")
foreach(patch ${PATCHES})
  get_filename_component(room ${patch} DIRECTORY)
  get_filename_component(bug ${patch} NAME_WE)
  file(RELATIVE_PATH id ${CMAKE_CURRENT_SOURCE_DIR} ${room})
  string(REPLACE "/" "--" flat ${id})
  set(tree ${CMAKE_CURRENT_BINARY_DIR}/mutants/${id}/${bug})

  file(STRINGS ${patch} touched REGEX "^\\+\\+\\+ b/ref/")
  string(REGEX REPLACE "\\+\\+\\+ b/ref/([A-Za-z0-9_./]+)[^;]*" "\\1" touched "${touched}")
  set(sources ${touched})
  if("${touched}" MATCHES "\\.h")
    file(GLOB_RECURSE sources RELATIVE ${PROJECT_SOURCE_DIR}/ref ${PROJECT_SOURCE_DIR}/ref/*.c)
    list(FILTER sources EXCLUDE REGEX "^tests/")
  endif()
  list(TRANSFORM sources PREPEND ${tree}/ref/)
  list(FILTER sources INCLUDE REGEX "\\.c$")
  if(NOT "${tree}/ref/app/main.c" IN_LIST sources)
    set(main ${PROJECT_SOURCE_DIR}/ref/app/main.c)
  else()
    set(main "")
  endif()

  add_custom_command(OUTPUT ${tree}/applied ${sources}
      COMMAND ${CMAKE_COMMAND} -E rm -rf ${tree}/ref
      COMMAND ${CMAKE_COMMAND} -E copy_directory ${PROJECT_SOURCE_DIR}/ref ${tree}/ref
      COMMAND patch -s -p1 -F0 -N -d ${tree} -i ${patch}
      COMMAND ${CMAKE_COMMAND} -E touch ${tree}/applied
      DEPENDS ${patch} ${REF_FILES}
      COMMENT "Mutating: ${id}/${bug}" VERBATIM)
  set(program mutant--${flat}--${bug})
  add_executable(${program} EXCLUDE_FROM_ALL ${main} ${sources})
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${tree} OUTPUT_NAME assay-ref
                        INTERPROCEDURAL_OPTIMIZATION OFF)
  target_include_directories(${program} BEFORE PRIVATE ${tree}/ref)
  target_link_libraries(${program} PRIVATE ref assay-flags)
  add_dependencies(mutants ${program})

  configure_file(${PROJECT_SOURCE_DIR}/ref/assay-ref.json ${tree}/assay-ref.json COPYONLY)
  header_of(${patch} Case case)
  header_of(${patch} How how)
  header_of(${patch} Evidence evidence)
  list(APPEND ENTRIES "  {\"check\":\"${id}\",\"patch\":\"${bug}\",\"case\":\"${case}\",\"how\":\"${how}\",\"evidence\":\"${evidence}\",\"target\":\"${tree}/assay-ref.json\"}")
endforeach()
string(REPLACE ";" ",\n" ENTRIES "${ENTRIES}")
file(WRITE ${CMAKE_BINARY_DIR}/mutants.json "[\n${ENTRIES}\n]\n")
