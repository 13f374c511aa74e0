# What is installed runs by itself, wherever it is moved to: `cmake --install` below DESTDIR, the tree moved, two rooms
# judged there. store/clock-steps-back needs the library that is loaded into targets.
#   cmake -DBUILD=… -DWORK=… -P install_test.cmake
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK}/run)

set(ENV{DESTDIR} ${WORK}/destdir)
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix /opt/assay RESULT_VARIABLE failed OUTPUT_QUIET)
if(failed)
  message(FATAL_ERROR "cmake --install ended with ${failed}")
endif()
file(RENAME ${WORK}/destdir/opt/assay ${WORK}/elsewhere)

execute_process(COMMAND ${WORK}/elsewhere/bin/assay run -q --out ${WORK}/out store/clock-steps-back http/methods
    WORKING_DIRECTORY ${WORK}/run RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "the installed assay ended with ${failed}")
endif()
foreach(file share/assay/kit/PROTOCOL.md share/assay/kit/python/assay_driver.py share/doc/assay/README.md)
  if(NOT EXISTS ${WORK}/elsewhere/${file})
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()
