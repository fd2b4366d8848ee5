//! Nova Sonic's vocabulary, typed both ways.
