# add_room(NAME [NEEDS room...] [LINK target...] [PRIVATE target...])
#
# Makes the static library of one room from src/NAME/. NEEDS are other rooms; LINK are libraries
# that its headers show; PRIVATE are libraries that only its .cpp files see.
function(add_room name)
  cmake_parse_arguments(ROOM "" "" "NEEDS;LINK;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(${name} PUBLIC ${ROOM_NEEDS} ${ROOM_LINK} Threads::Threads PRIVATE ${ROOM_PRIVATE})
endfunction()
