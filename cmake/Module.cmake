# madoguchi_module(<name> [DEPENDS <module>...] [LINK <library>...] [PRIVATE_LINK <library>...]
#                  [EXCLUDE <regex>] [PCH <header>...] [FOLDER <path under src>])
#
# One folder under src/ = one static library = one namespace. A module's headers are reachable only through
# its own include directory (build/.../include/<name>/<name> -> src/<name>), so including a module that
# was not declared in DEPENDS does not compile.
#
# FOLDER is for a library that lives inside another module's folder (centre/flow in centre, which then
# EXCLUDEs "^flow/"): it is included by that path, and the outer module must declare it as any other.
#
# Every *_test.cc of the folder goes into one test program, <name>_test, registered with CTest.

# Which modules' tests also run under ASan+UBSan (all that parse or decrypt) and under TSan (all with threads of
# their own). Modules on top of gRPC and RESTinio (wire, web, vault, centre, exchange, store, app) are left out: those
# libraries are not instrumented, and 266 more files would be compiled once again.
set(MADOGUCHI_sanitized_MODULES base calendar ledger recording sip rtp exchange_media routing vault_core vault_access
    vault_records vault_exports vault_passkeys vault_page_keys vault_watching)
set(MADOGUCHI_threaded_MODULES base exchange_media ledger)
add_custom_target(sanitized_tests)
add_custom_target(threaded_tests)

function(madoguchi_module name)
  cmake_parse_arguments(ARG "" "EXCLUDE;FOLDER" "DEPENDS;LINK;PRIVATE_LINK;PCH;TEST_LINK" ${ARGN})

  if(NOT ARG_FOLDER)
    set(ARG_FOLDER ${name})
  endif()
  set(include_root ${CMAKE_BINARY_DIR}/include/${name})
  cmake_path(GET ARG_FOLDER PARENT_PATH outer)
  file(MAKE_DIRECTORY ${include_root}/${outer})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${include_root}/${ARG_FOLDER} SYMBOLIC)

  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} *.cc)
  if(ARG_EXCLUDE)
    list(FILTER sources EXCLUDE REGEX "${ARG_EXCLUDE}")
  endif()
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "(_test|_fuzz)\\.cc$")

  set(library madoguchi_${name})
  set(depends ${ARG_DEPENDS})
  list(TRANSFORM depends PREPEND madoguchi_)

  if(sources)
    add_library(${library} STATIC ${sources})
    set(scope PUBLIC)
    if(ARG_PCH AND MADOGUCHI_PCH)
      target_precompile_headers(${library} PRIVATE ${ARG_PCH})
    endif()
    target_link_libraries(${library} PRIVATE ${ARG_PRIVATE_LINK})
  else()
    add_library(${library} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${library} ${scope} ${include_root})
  target_link_libraries(${library} ${scope} ${depends} ${ARG_LINK})

  if(tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE ${library} ${ARG_PRIVATE_LINK} ${ARG_TEST_LINK}
                          GTest::gtest GTest::gmock GTest::gtest_main)
    if(MADOGUCHI_SANITIZE)
      # What is tested is compiled as elsewhere; the tests themselves build in half the time.
      target_compile_options(${name}_test PRIVATE -O0)
    endif()
    if(ARG_PCH AND MADOGUCHI_PCH AND sources)
      target_precompile_headers(${name}_test PRIVATE ${ARG_PCH})
    endif()
    add_test(NAME ${name} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    foreach(group sanitized threaded)
      if(name IN_LIST MADOGUCHI_${group}_MODULES)
        set_property(TEST ${name} APPEND PROPERTY LABELS ${group})
        add_dependencies(${group}_tests ${name}_test)
      endif()
    endforeach()
  endif()
endfunction()
