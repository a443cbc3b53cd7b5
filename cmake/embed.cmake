# embed_folder(TARGET FOLDER)
#
# Puts every file of FOLDER (in the source tree) into TARGET: an assembler file includes them, and
# app/embedded.hpp reads the table {path, begin, end} that it defines. Git-ignored outputs of a run
# inside FOLDER (store/, warehouse/, .reelhouse/, lake/) are left out.
function(embed_folder target folder)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/${folder} ${CMAKE_SOURCE_DIR}/${folder}/*)
  list(FILTER files EXCLUDE REGEX "^(store|warehouse|\\.reelhouse|lake)/")
  list(SORT files)
  set(body ".section .rodata\n")
  set(table "")
  set(number 0)
  foreach(file IN LISTS files)
    string(APPEND body "p${number}: .asciz \"${file}\"\nb${number}: .incbin \"${CMAKE_SOURCE_DIR}/${folder}/${file}\"\ne${number}: .byte 0\n")
    string(APPEND table "  .quad p${number}, b${number}, e${number}\n")
    list(APPEND depends ${CMAKE_SOURCE_DIR}/${folder}/${file})
    math(EXPR number "${number} + 1")
  endforeach()
  string(APPEND body ".section .data.rel.ro,\"aw\"\n.balign 8\n.global embedded_files\nembedded_files:\n${table}.global embedded_files_end\nembedded_files_end: .quad 0\n.section .note.GNU-stack,\"\",@progbits\n")
  set(output ${CMAKE_BINARY_DIR}/embedded_${folder}.S)
  file(CONFIGURE OUTPUT ${output} CONTENT "${body}" @ONLY)
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${depends}" LANGUAGE ASM)
  target_sources(${target} PRIVATE ${output})
endfunction()

# embed_file(TARGET FILE SYMBOL)
#
# Puts one file (in the source tree) into TARGET as the bytes between embedded_SYMBOL and
# embedded_SYMBOL_end.
function(embed_file target file symbol)
  set(output ${CMAKE_BINARY_DIR}/embedded_${symbol}.S)
  file(CONFIGURE OUTPUT ${output} CONTENT ".section .rodata\n.global embedded_${symbol}\n.global embedded_${symbol}_end\nembedded_${symbol}: .incbin \"${CMAKE_SOURCE_DIR}/${file}\"\nembedded_${symbol}_end: .byte 0\n.section .note.GNU-stack,\"\",@progbits\n" @ONLY)
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS ${CMAKE_SOURCE_DIR}/${file} LANGUAGE ASM)
  target_sources(${target} PRIVATE ${output})
endfunction()

# embed_pages(TARGET FOLDER)
#
# Puts the built web pages of FOLDER (in the source tree) into TARGET as the table embedded_web, which
# src/serve/assets.cpp reads. A folder that is not there makes an empty table.
function(embed_pages target folder)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/${folder} ${CMAKE_SOURCE_DIR}/${folder}/*)
  list(FILTER files EXCLUDE REGEX "\\.map(\\.gz|\\.br)?$")
  list(SORT files)
  set(body ".section .rodata\n")
  set(table "")
  set(number 0)
  foreach(file IN LISTS files)
    string(APPEND body "p${number}: .asciz \"${file}\"\nb${number}: .incbin \"${CMAKE_SOURCE_DIR}/${folder}/${file}\"\ne${number}: .byte 0\n")
    string(APPEND table "  .quad p${number}, b${number}, e${number}\n")
    list(APPEND depends ${CMAKE_SOURCE_DIR}/${folder}/${file})
    math(EXPR number "${number} + 1")
  endforeach()
  string(APPEND body ".section .data.rel.ro,\"aw\"\n.balign 8\n.global embedded_web\nembedded_web:\n${table}.global embedded_web_end\nembedded_web_end: .quad 0\n.section .note.GNU-stack,\"\",@progbits\n")
  set(output ${CMAKE_BINARY_DIR}/embedded_web.S)
  file(CONFIGURE OUTPUT ${output} CONTENT "${body}" @ONLY)
  set_source_files_properties(${output} PROPERTIES OBJECT_DEPENDS "${depends}" LANGUAGE ASM)
  target_sources(${target} PRIVATE ${output})
endfunction()
