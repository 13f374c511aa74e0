# Mutants: for every regress/<surface>/<slug>/<bug>.patch, assay-ref with that bug in it (mutate.cmake), the program
# mutant--<surface>--<slug>--<bug>. mutants.json lists them for assay-red.
include(mutate.cmake)
file(GLOB PATCHES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*/*/*.patch)
add_custom_target(mutants)

set(ENTRIES "")
set(comma "")
foreach(patch ${PATCHES})
  get_filename_component(room ${patch} DIRECTORY)
  get_filename_component(bug ${patch} NAME_WE)
  file(RELATIVE_PATH id ${CMAKE_CURRENT_SOURCE_DIR} ${room})
  set(copy ${CMAKE_CURRENT_BINARY_DIR}/mutants/${id}/${bug})
  string(REPLACE "/" "--" program mutant/${id}/${bug})

  mutate(${patch} ${copy} sources)
  add_mutant_of_ref(${program} ${copy} ${sources})
  add_dependencies(mutants ${program})
  mutant_entry(${patch} ${id} ${copy} entry)
  string(APPEND ENTRIES "${comma}${entry}")
  set(comma ",\n")
endforeach()
file(WRITE ${CMAKE_BINARY_DIR}/mutants.json "[\n${ENTRIES}\n]\n")
