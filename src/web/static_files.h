// Files of a folder as a web site: a console's build. Only regular files beneath the folder are
// served, whatever the path says and wherever links lead. Stateless; the server's thread.
#pragma once

#include <filesystem>
#include <string>

#include "web/http.h"

namespace madoguchi::web {

class StaticFiles {
 public:
  // `prefix` is what the folder is called in paths ("/operator"); empty for the site's root. A path
  // without a file and without a dot in its last segment gets index.html, since consoles name their
  // views in the path. Files under "assets/" have their digest in the name and are cached for good;
  // everything else is asked for again each time.
  StaticFiles(std::string prefix, std::filesystem::path folder);

  [[nodiscard]] bool covers(const Request& request) const;
  [[nodiscard]] Response serve(const Request& request) const;

 private:
  std::string prefix_;
  std::filesystem::path folder_;
};

// A page that was asked for by loopback's address is to be had at localhost: a page of the vault
// names who may hold it in a frame, and policies can't name an IPv6 address. Every other answer
// stays.
Response at_its_name(const Request& request, Response response);

}  // namespace madoguchi::web
