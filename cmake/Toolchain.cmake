# Language level, warnings, sanitizers, compiler cache and precompiled headers: one place.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")

# CHECK() must hold in every build, so NDEBUG is never defined.
add_compile_options(-Wall -Wextra -Werror -Wno-error=deprecated-declarations)
add_compile_options(-fstack-protector-strong -D_FORTIFY_SOURCE=2)
add_link_options(-Wl,-z,relro,-z,now)

set(MADOGUCHI_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")
if(MADOGUCHI_SANITIZE)
  # -O1 halves the time to build. GCC's manual advises against -Werror here: sanitizers make its
  # optimizer warn of what is no mistake; the release build holds the warnings.
  add_compile_options(-fsanitize=${MADOGUCHI_SANITIZE} -fno-omit-frame-pointer -U_FORTIFY_SOURCE
                      -O1 -Wno-error)
  add_link_options(-fsanitize=${MADOGUCHI_SANITIZE})
endif()

option(MADOGUCHI_FUZZ "Fuzz targets (clang only; see tools/fuzz)" OFF)
if(MADOGUCHI_FUZZ)
  # Every module is instrumented, so that the fuzzer sees which of their paths an input takes.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -U_FORTIFY_SOURCE)
  add_link_options(-fsanitize=address,undefined)
endif()

find_program(MADOGUCHI_CCACHE ccache)
if(MADOGUCHI_CCACHE)
  # The sloppiness is what ccache's manual asks for with precompiled headers; the base directory
  # lets clones in different folders share results.
  set(launcher env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${MADOGUCHI_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()

option(MADOGUCHI_PCH "Precompiled headers" ON)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND MADOGUCHI_PCH)
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(GTest REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
