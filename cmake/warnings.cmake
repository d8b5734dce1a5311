# tlsmodem_options: what every target of this tree is compiled with.
add_library(tlsmodem_options INTERFACE)
target_include_directories(tlsmodem_options INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(tlsmodem_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wimplicit-fallthrough $<$<BOOL:${TLSMODEM_WERROR}>:-Werror>)

# tlsmodem_target(NAME): apply the options to NAME without making them part of its exported interface.
function(tlsmodem_target name)
  target_link_libraries(${name} PRIVATE $<BUILD_INTERFACE:tlsmodem_options>)
endfunction()
