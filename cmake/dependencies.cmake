# What is linked, and where it comes from; docs/dependencies.md says why each.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(tl-expected REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.74 REQUIRED)
pkg_check_modules(isal REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(simdjson REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(xlsxwriter REQUIRED IMPORTED_TARGET xlsxwriter)

# DuckDB: an installed one wins; else what scripts/fetch_duckdb left in third_party/.
set(third_party ${CMAKE_SOURCE_DIR}/third_party/duckdb)
find_path(DUCKDB_INCLUDE duckdb.h HINTS ${third_party})
find_library(DUCKDB_LIBRARY duckdb HINTS ${third_party})
if(NOT DUCKDB_INCLUDE OR NOT DUCKDB_LIBRARY)
  message(FATAL_ERROR "DuckDB is missing. Run scripts/fetch_duckdb, which fetches the pinned version.")
endif()
add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES
  IMPORTED_LOCATION ${DUCKDB_LIBRARY}
  IMPORTED_NO_SONAME ON
  INTERFACE_INCLUDE_DIRECTORIES ${CMAKE_BINARY_DIR}/duckdb_include)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/duckdb_include)
file(COPY_FILE ${DUCKDB_INCLUDE}/duckdb.h ${CMAKE_BINARY_DIR}/duckdb_include/duckdb.h ONLY_IF_DIFFERENT)
