# A mutant is a program of the reference with a bug in it, which a patch puts there while the project is built. Only what
# the patch changes is compiled anew: a .c file that it names, and every .c file that includes a header that it names.
# These objects are linked before libref, which then has nothing to add to the names that they define.
#
#   mutate(PATCH COPY SOURCES)                sets SOURCES to what to compile, and patched headers; copies are below COPY
#   add_mutant(PROGRAM COPY SOURCE...)        a program of these
#   add_mutant_of_ref(PROGRAM COPY SOURCE...) assay-ref of these, in COPY, with its manifest
#   mutant_entry(PATCH CHECK COPY OUT)        its line for assay-red; the patch says the rest

include(CheckLinkerFlag)
set(REF ${PROJECT_SOURCE_DIR}/ref)

# Hundreds of programs that live for seconds: quickly made, and small. A bug may well raise a warning. Sanitizers are to
# say in which function and line, so that under them mutants are built like the rest.
if(NOT TARGET mutant-flags)
  add_library(mutant-flags INTERFACE)
  target_link_libraries(mutant-flags INTERFACE ref assay-flags)
  target_compile_options(mutant-flags INTERFACE -w)
  if(NOT ASSAY_SANITIZE)
    target_compile_options(mutant-flags INTERFACE -O1 -g0)
    target_link_options(mutant-flags INTERFACE -s)
    foreach(linker gold lld) # the quickest first
      check_linker_flag(C -fuse-ld=${linker} ASSAY_LINKS_WITH_${linker})
      if(ASSAY_LINKS_WITH_${linker})
        target_link_options(mutant-flags INTERFACE -fuse-ld=${linker})
        break()
      endif()
    endforeach()
  endif()
endif()

# Who includes whom, in lines "FILE includes HEADER", both as paths from ref/.
set(INCLUDES "")
file(GLOB_RECURSE files RELATIVE ${REF} CONFIGURE_DEPENDS ${REF}/*.c ${REF}/*.h)
list(FILTER files EXCLUDE REGEX "^tests/")
foreach(file ${files})
  file(STRINGS ${REF}/${file} lines REGEX "^ *# *include *\"")
  foreach(line ${lines})
    string(REGEX REPLACE "^[^\"]*\"([^\"]*)\".*" "\\1" header "${line}")
    if(NOT EXISTS ${REF}/${header})
      message(FATAL_ERROR "ref/${file} includes \"${header}\", which is no path from ref/")
    endif()
    list(APPEND INCLUDES "${file} includes ${header}")
  endforeach()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${REF}/${file})
endforeach()

# OUT is the files themselves, and those that include one of them, directly or by way of others.
function(includers_of files out)
  set(found ${files})
  while(files)
    list(POP_FRONT files file)
    foreach(line ${INCLUDES})
      if(line MATCHES "^(.*) includes (.*)$" AND CMAKE_MATCH_2 STREQUAL file AND NOT CMAKE_MATCH_1 IN_LIST found)
        list(APPEND files ${CMAKE_MATCH_1})
        list(APPEND found ${CMAKE_MATCH_1})
      endif()
    endforeach()
  endwhile()
  set(${out} ${found} PARENT_SCOPE)
endfunction()

function(mutate patch copy out)
  file(STRINGS ${patch} touched REGEX "^\\+\\+\\+ b/ref/")
  list(TRANSFORM touched REPLACE "^\\+\\+\\+ b/ref/([^ \t]+).*" "\\1")
  list(TRANSFORM touched PREPEND ${REF}/ OUTPUT_VARIABLE originals)
  list(TRANSFORM touched PREPEND ${copy}/ref/ OUTPUT_VARIABLE sources)
  file(RELATIVE_PATH name ${PROJECT_SOURCE_DIR} ${patch})
  add_custom_command(OUTPUT ${sources}
      COMMAND ${PROJECT_SOURCE_DIR}/regress/mutate ${patch} ${REF} ${copy} ${touched}
      DEPENDS ${patch} ${originals} ${PROJECT_SOURCE_DIR}/regress/mutate
      COMMENT "Mutating: ${name}" VERBATIM)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${patch})

  # A file that only includes what is changed is compiled where it is: the copies come first among its includes.
  if("${touched}" MATCHES "\\.h")
    includers_of("${touched}" includers)
    list(REMOVE_ITEM includers ${touched})
    list(FILTER includers INCLUDE REGEX "\\.c$")
    list(TRANSFORM includers PREPEND ${REF}/)
    list(APPEND sources ${includers})
  endif()
  set(${out} ${sources} PARENT_SCOPE)
endfunction()

function(add_mutant program copy)
  add_executable(${program} EXCLUDE_FROM_ALL ${ARGN})
  target_include_directories(${program} BEFORE PRIVATE ${copy}/ref)
  target_link_libraries(${program} PRIVATE mutant-flags)
endfunction()

function(add_mutant_of_ref program copy)
  if(NOT "${ARGN}" MATCHES "/app/main\\.c")
    list(APPEND ARGN $<TARGET_OBJECTS:ref-main>)
  endif()
  add_mutant(${program} ${copy} ${ARGN})
  set_target_properties(${program} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${copy} OUTPUT_NAME assay-ref)
  configure_file(${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/assay-ref.json ${copy}/assay-ref.json COPYONLY)
endfunction()

# OUT is what stands behind "FIELD: " in a line above the diff, or empty.
function(patch_field patch field out)
  file(STRINGS ${patch} line LIMIT_COUNT 1 REGEX "^${field}: ")
  string(REGEX REPLACE "^${field}: *" "" line "${line}")
  set(${out} "${line}" PARENT_SCOPE)
endfunction()

function(mutant_entry patch check copy out)
  get_filename_component(bug ${patch} NAME_WE)
  set(entry "\"check\":\"${check}\",\"patch\":\"${bug}\"")
  foreach(field Case How Evidence)
    patch_field(${patch} ${field} text)
    if(text STREQUAL "")
      message(FATAL_ERROR "${patch} does not say \"${field}: …\" above the diff")
    endif()
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(TOLOWER ${field} member)
    string(APPEND entry ",\"${member}\":\"${text}\"")
  endforeach()
  set(${out} "  {${entry},\"target\":\"${copy}/assay-ref.json\"}" PARENT_SCOPE)
endfunction()
