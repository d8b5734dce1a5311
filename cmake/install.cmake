# What `cmake --install` puts where, and how others find it: CMake package, pkg-config, units, configuration, man pages.
include(CMakePackageConfigHelpers)

set(tlsmodem_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tlsmodem)
set(TLSMODEM_DAEMON ${CMAKE_INSTALL_FULL_BINDIR}/tlsmodemd)
set(tlsmodem_installed_libraries tlsmodem_protocol)
# Relative where it can be, for `cmake --install --prefix`; but the configuration of /usr is in /etc.
set(tlsmodem_config_dir ${CMAKE_INSTALL_SYSCONFDIR}/tlsmodemd)
if(CMAKE_INSTALL_PREFIX STREQUAL "/usr")
  set(tlsmodem_config_dir ${CMAKE_INSTALL_FULL_SYSCONFDIR}/tlsmodemd)
endif()

# Headers keep their folders, so that they find each other by the same relative paths as in the tree.
install(DIRECTORY protocol/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tlsmodem/protocol COMPONENT development
  FILES_MATCHING PATTERN "*.hpp")
configure_file(cmake/tlsmodem-protocol.pc.in tlsmodem-protocol.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/tlsmodem-protocol.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
  COMPONENT development)

if(TARGET tlsmodem_client)
  list(APPEND tlsmodem_installed_libraries tlsmodem_client tlsmodem_client_shared)
  if(TARGET tlsmodem_avs_net)
    list(APPEND tlsmodem_installed_libraries tlsmodem_avs_net)
    configure_file(cmake/tlsmodem-avs-net.pc.in tlsmodem-avs-net.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/tlsmodem-avs-net.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
      COMPONENT development)
    install(FILES client-shim/avs_net/engine.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tlsmodem/avs_net
      COMPONENT development)
  endif()
  install(DIRECTORY client-shim/client/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/tlsmodem/client COMPONENT development
    FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
  configure_file(cmake/tlsmodem-client.pc.in tlsmodem-client.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/tlsmodem-client.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
    COMPONENT development)
endif()

# The second directory is for "protocol/...", as the client's headers say it.
install(TARGETS ${tlsmodem_installed_libraries} EXPORT tlsmodem COMPONENT development
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${CMAKE_INSTALL_INCLUDEDIR}/tlsmodem)
install(EXPORT tlsmodem NAMESPACE tlsmodem:: FILE tlsmodemTargets.cmake DESTINATION ${tlsmodem_cmake_dir}
  COMPONENT development)
configure_package_config_file(cmake/tlsmodemConfig.cmake.in tlsmodemConfig.cmake
  INSTALL_DESTINATION ${tlsmodem_cmake_dir})
write_basic_package_version_file(tlsmodemConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/tlsmodemConfig.cmake ${PROJECT_BINARY_DIR}/tlsmodemConfigVersion.cmake
  DESTINATION ${tlsmodem_cmake_dir} COMPONENT development)

if(TARGET tlsmodemd)
  install(TARGETS tlsmodemd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT daemon)
  configure_file(systemd/tlsmodemd.service.in systemd/tlsmodemd.service @ONLY)
  configure_file(systemd/tlsmodemd.socket systemd/tlsmodemd.socket COPYONLY)
  # Below the prefix, not CMAKE_INSTALL_LIBDIR: systemd looks in lib only.
  install(FILES ${PROJECT_BINARY_DIR}/systemd/tlsmodemd.service ${PROJECT_BINARY_DIR}/systemd/tlsmodemd.socket
    DESTINATION lib/systemd/system COMPONENT daemon)
  install(FILES systemd/tlsmodemd.sysusers DESTINATION lib/sysusers.d RENAME tlsmodemd.conf COMPONENT daemon)
  configure_file(cmake/install_configuration.cmake.in install_configuration.cmake @ONLY)
  install(SCRIPT ${PROJECT_BINARY_DIR}/install_configuration.cmake COMPONENT daemon)
  install(FILES docs/man/tlsmodemd.8 DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT daemon)
  install(FILES docs/man/tlsmodemd.conf.5 DESTINATION ${CMAKE_INSTALL_MANDIR}/man5 COMPONENT daemon)
  install(FILES docs/man/tlsmodem-at.7 DESTINATION ${CMAKE_INSTALL_MANDIR}/man7 COMPONENT daemon)
endif()
