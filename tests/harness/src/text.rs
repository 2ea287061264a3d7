//! What citizens of these tests write. Every text is invented.

/// Potholes: in scope, ordinary, sure.
pub const ROAD: &str = "Đường trước chợ có nhiều ổ gà lớn, mặt đường bong tróc hư hỏng nặng, xe máy té ngã hoài. \
     Đề nghị phường cho dặm vá, sửa chữa lại mặt đường.";
/// A live wire in flood water: danger to life now.
pub const EMERGENCY: &str = "Dây điện đứt rớt xuống đoạn lộ đang ngập gần bến cá, còn xẹt lửa. Có mấy đứa nhỏ đang lội \
     chơi gần đó. Cho người cắt điện liền giùm.";
/// The handling of a procedure: out of scope.
pub const PROCEDURE: &str = "Tôi nộp hồ sơ làm khai sinh cho con ở trung tâm hành chính công từ tuần trước, giấy hẹn trả \
     kết quả hôm qua mà ra thì cán bộ bắt bổ sung thêm giấy tờ, hồ sơ trễ hẹn không được giải quyết.";
/// A named official (who does not exist) is accused: a denunciation.
pub const DENUNCIATION: &str = "Tôi tố cáo ông Trần Văn Thử Nghiệm, cán bộ địa chính xã, đã nhận hối lộ của gia đình tôi \
     15 triệu đồng để làm giấy đất cho nhanh. Ông này lợi dụng chức vụ, đề nghị xử lý nghiêm và giữ kín tên tôi.";
/// Advertising: out of scope, not sure.
pub const ADVERTISING: &str = "Nhận cho vay tiền nhanh lãi suất thấp, thủ tục đơn giản, ai cần liên hệ em nha, giảm giá \
     sốc hôm nay";
