# embed_folder(TARGET FOLDER SYMBOL WITHOUT)
#
# Puts every file of FOLDER (in the source tree) into TARGET, but those whose path in it matches WITHOUT:
# an assembler file includes them and defines the table {path, begin, end} between SYMBOL and SYMBOL_end.
# A folder that is not there makes an empty table.
function(embed_folder target folder symbol without)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/${folder} ${CMAKE_SOURCE_DIR}/${folder}/*)
  list(FILTER files EXCLUDE REGEX "${without}")
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
  string(APPEND body ".section .data.rel.ro,\"aw\"\n.balign 8\n.global ${symbol}\n${symbol}:\n${table}.global ${symbol}_end\n${symbol}_end: .quad 0\n.section .note.GNU-stack,\"\",@progbits\n")
  set(output ${CMAKE_BINARY_DIR}/${symbol}.S)
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
