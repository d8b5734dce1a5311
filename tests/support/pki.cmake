# tlsmodem_test_pki: certificates made at run time, for unit and integration tests.
find_package(OpenSSL 3.0 REQUIRED)
add_library(tlsmodem_test_pki STATIC ${CMAKE_CURRENT_LIST_DIR}/pki.cpp ${CMAKE_CURRENT_LIST_DIR}/pki.hpp)
target_include_directories(tlsmodem_test_pki PUBLIC ${CMAKE_CURRENT_LIST_DIR}/../..)
target_link_libraries(tlsmodem_test_pki PUBLIC OpenSSL::Crypto)
tlsmodem_target(tlsmodem_test_pki)
