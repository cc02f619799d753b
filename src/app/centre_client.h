// What the administrator's command line asks of the centre: the API of docs/openapi.yaml, over
// mutual TLS with the certificate role "admin". Blocking calls, one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "app/admin_client.h"
#include "base/result.h"

namespace madoguchi::app {

struct ApiAsk {
  std::string method;  // "GET"
  std::string path;    // below /api/v1
  std::map<std::string, std::string> query;
  std::string body;  // JSON
};

// The answer's JSON. What the centre refuses comes as an error with its own words.
Result<std::string> ask_centre(const ProcessAccess& centre, const ApiAsk& ask,
                               const std::string& asked_by);

// Every item of a list, page by page, each as JSON.
Result<std::vector<std::string>> list_at_centre(
    const ProcessAccess& centre, const std::string& path, const std::string& asked_by,
    const std::map<std::string, std::string>& query = {});

}  // namespace madoguchi::app
