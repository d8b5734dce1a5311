# NM, LIBRARY, HEADER: the library defines, for others to see, the functions that its header declares and nothing else.
execute_process(COMMAND ${NM} -D --defined-only ${LIBRARY} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^ \n]+\n" exported "${symbols}")
list(TRANSFORM exported STRIP)
list(SORT exported)

file(READ ${HEADER} header)
string(REGEX MATCHALL "TLSMODEM_API [^#(;]* [*]?tlsmodem_[a-z_]+\\(" declared "${header}")
list(TRANSFORM declared REPLACE ".*[ *]([a-z_]+)\\(" "\\1")
list(SORT declared)

if(NOT declared OR NOT exported STREQUAL declared)
  message(FATAL_ERROR "exported: ${exported}\ndeclared: ${declared}")
endif()
