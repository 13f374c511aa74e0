# cmake -D FROM=ref/acp -D TO=copy/ref/acp -P flat.cmake: copies of the protocol's sources that speak the flat dialect
# (kit/PROTOCOL.md, ws.dialect). Names of C are in snake_case, so that what is in camelCase or has a slash is a name of
# the protocol.
set(SPELLINGS
    session/new new_session           session/load load_session             session/resume resume_session
    session/prompt prompt             session/cancel cancel                 session/set_mode set_session_mode
    session/close close_session       session/delete delete_session         session/list list_sessions
    session/update session_update     session/request_permission request_permission
    fs/read_text_file read_text_file
    sessionId session_id              sessionUpdate session_update          stopReason stop_reason
    protocolVersion protocol_version  clientCapabilities client_capabilities
    agentCapabilities agent_capabilities                                    mcpServers mcp_servers
    resumeToken resume_token)

file(GLOB sources ${FROM}/acp*.c)
foreach(source ${sources})
  file(READ ${source} text)
  set(left ${SPELLINGS})
  while(left)
    list(POP_FRONT left acp flat)
    string(REPLACE "\"${acp}\"" "\"${flat}\"" text "${text}")
    string(REPLACE "\\\"${acp}\\\"" "\\\"${flat}\\\"" text "${text}")
  endwhile()
  string(REPLACE JSONRPC_UNKNOWN_METHOD_CODE JSONRPC_INTERNAL_CODE text "${text}")
  get_filename_component(name ${source} NAME)
  file(WRITE ${TO}/${name} "${text}")
endforeach()
